'use strict';

// Real servers from Debian's packages, each on a free port with its data in a folder of its own.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { freePort, within } = require('../../support/sockets.js');

const GUARD_MS = 60_000;
const isRoot = process.getuid?.() === 0;

/** The newest folder of PostgreSQL's programs, which Debian keeps out of PATH. */
function postgresFolder() {
  const root = '/usr/lib/postgresql';
  if (!fs.existsSync(root)) return root;
  const [newest] = fs.readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return path.join(root, newest ?? '', 'bin');
}

/** PostgreSQL does not run as root: root gives the folder to, and becomes, its user. */
function asPostgres(folder, command, args) {
  if (!isRoot) return [command, args];
  execFileSync('chown', ['-R', 'postgres', folder]);
  return ['runuser', ['-u', 'postgres', '--', command, ...args]];
}

/**
 * For each: the Debian package, the program, and how it is started. `beside` is a second program that it needs; each
 * gets as many ports as `ports` says, or one.
 */
const fixture = (name) => path.join(__dirname, '../../program/fixtures', name);

/** A key and a certificate in the server's folder, as the server's user may read them. */
function identityIn(folder) {
  const files = {};
  for (const name of ['cert', 'key']) {
    files[name] = path.join(folder, `${name}.pem`);
    fs.copyFileSync(fixture(`localhost-${name}.pem`), files[name]);
    fs.chmodSync(files[name], 0o600);
  }
  return files;
}

const kinds = {
  redis: {
    package: 'redis-server',
    program: 'redis-server',
    start: (port, folder) => [
      'redis-server',
      ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ],
  },
  memcached: {
    package: 'memcached',
    program: 'memcached',
    start: (port) => [
      'memcached',
      ['-p', port, '-U', '0', '-l', '127.0.0.1', ...(isRoot ? ['-u', 'root'] : [])],
    ],
  },
  mosquitto: {
    package: 'mosquitto',
    program: 'mosquitto',
    prepare(port, folder) {
      const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'persistence false'];
      if (isRoot) lines.push('user root');
      fs.writeFileSync(path.join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
    },
    start: (port, folder) => ['mosquitto', ['-c', path.join(folder, 'mosquitto.conf')]],
  },
  postgres: {
    package: 'postgresql',
    program: path.join(postgresFolder(), 'postgres'),
    prepare(port, folder) {
      const args = [
        '-D',
        path.join(folder, 'data'),
        '-U',
        'tester',
        '--auth',
        'trust',
        '--no-sync',
        '-E',
        'UTF8',
      ];
      identityIn(folder);
      const [command, all] = asPostgres(folder, path.join(postgresFolder(), 'initdb'), args);
      execFileSync(command, all, { stdio: 'pipe', cwd: folder });
    },
    start: (port, folder) =>
      asPostgres(folder, path.join(postgresFolder(), 'postgres'), [
        ...['-D', path.join(folder, 'data'), '-p', port, '-h', '127.0.0.1'],
        ...['-k', folder, '-c', 'fsync=off', '-c', 'ssl=on'],
        ...['-c', `ssl_cert_file=${folder}/cert.pem`, '-c', `ssl_key_file=${folder}/key.pem`],
      ]),
    // A fast shutdown: it does not wait for its clients to go.
    stopSignal: 'SIGINT',
  },
  mariadb: {
    package: 'mariadb-server',
    program: 'mariadbd',
    prepare(port, folder) {
      identityIn(folder);
      const args = [
        `--datadir=${folder}/data`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--no-defaults',
      ];
      execFileSync(
        'mariadb-install-db',
        [...(isRoot ? ['--no-defaults', '--user=root', ...args.slice(0, -1)] : args)],
        {
          stdio: 'pipe',
        },
      );
    },
    start: (port, folder) => [
      'mariadbd',
      [
        '--no-defaults',
        `--datadir=${folder}/data`,
        `--socket=${folder}/socket`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-grant-tables',
        '--skip-networking=0',
        `--pid-file=${folder}/pid`,
        `--ssl-cert=${folder}/cert.pem`,
        `--ssl-key=${folder}/key.pem`,
        ...(isRoot ? ['--user=root'] : []),
      ],
    ],
  },
  rabbitmq: {
    package: 'rabbitmq-server',
    program: '/usr/lib/rabbitmq/bin/rabbitmq-server', // the one in PATH becomes the user of the package
    ports: 3,
    start: () => ['/usr/lib/rabbitmq/bin/rabbitmq-server', []],
    // Erlang's port mapper. Were none there, the broker would start one that outlives it.
    beside: () => ['epmd', []],
    environment: (port, folder, [distributionPort, mapperPort]) => ({
      HOME: folder, // Erlang's cookie
      ERL_EPMD_PORT: mapperPort,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: `broker-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: port,
      RABBITMQ_DIST_PORT: distributionPort,
      RABBITMQ_MNESIA_BASE: path.join(folder, 'data'),
      RABBITMQ_LOG_BASE: path.join(folder, 'log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_CONFIG_FILE: path.join(folder, 'rabbitmq'),
      RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'plugins'),
    }),
  },
  nginx: {
    package: 'nginx-light',
    program: 'nginx',
    prepare(port, folder, { upstream }) {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${folder}/${name};`,
      );
      fs.writeFileSync(
        path.join(folder, 'nginx.conf'),
        `${isRoot ? 'user root;' : ''} daemon off; master_process off; pid ${folder}/pid; error_log stderr;
         events { worker_connections 256; }
         http { access_log off; ${temporary.join(' ')}
           map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
           upstream port { server 127.0.0.1:${upstream}; keepalive 4; }
           server { listen 127.0.0.1:${port};
             location / { proxy_pass http://port; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
               proxy_set_header Connection $connection_upgrade; proxy_buffering off; client_max_body_size 10m; } } }\n`,
      );
    },
    start: (port, folder) => ['nginx', ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', 'stderr']],
  },
};

function isInstalled(program) {
  if (path.isAbsolute(program)) return fs.existsSync(program);
  const folders = [...process.env.PATH.split(path.delimiter), '/usr/sbin'];
  return folders.some((folder) => fs.existsSync(path.join(folder, program)));
}

/** What the specs run: the servers, and a browser in front of servers of ours. */
const programs = { ...kinds, chromium: { package: 'chromium', program: '/usr/bin/chromium' } };

/** The Debian packages that the specs need and this machine lacks. */
function missingPackages(names = Object.keys(programs)) {
  return names.filter((name) => !isInstalled(programs[name].program)).map((name) => programs[name].package);
}

class RealServer {
  constructor(name, [port, ...otherPorts], folder) {
    Object.assign(this, { name, port, otherPorts, folder, child: null, companion: null });
  }

  spawn([command, args], stdio) {
    const own = kinds[this.name].environment?.(String(this.port), this.folder, this.otherPorts);
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, ...own };
    return spawn(command, args, { cwd: this.folder, env, stdio });
  }

  async start() {
    const { beside, start } = kinds[this.name];
    if (beside !== undefined && this.companion === null) this.companion = this.spawn(beside(), 'ignore');
    this.child = this.spawn(start(String(this.port), this.folder), ['ignore', 'pipe', 'pipe']);
    this.closed = once(this.child, 'close'); // stop() limits the wait: a server may serve for as long as it likes
    this.closed.catch(() => {});
    let said = '';
    this.child.stdout.on('data', (text) => (said += text));
    this.child.stderr.on('data', (text) => (said += text));
    const deadline = Date.now() + GUARD_MS;
    while (!(await this.answers())) {
      if (this.child.exitCode !== null || Date.now() > deadline)
        throw new Error(`${this.name} did not start:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  answers() {
    return new Promise((resolve) => {
      const probe = net.connect(this.port, '127.0.0.1', () => resolve(true));
      probe.once('error', () => resolve(false)).once('connect', () => probe.end());
    });
  }

  async stop() {
    if (this.child === null || this.child.exitCode !== null) return;
    if (this.child.spawnfile === 'runuser') {
      // runuser hands no SIGINT on: the server is its child.
      const pids = execFileSync('ps', ['-o', 'pid=', '--ppid', String(this.child.pid)])
        .toString()
        .split(/\s+/)
        .filter(Boolean);
      for (const pid of pids) process.kill(Number(pid), kinds[this.name].stopSignal ?? 'SIGTERM');
    } else this.child.kill(kinds[this.name].stopSignal ?? 'SIGTERM');
    await within(this.closed, `the end of ${this.name}`, 10 * GUARD_MS);
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  async remove() {
    await this.stop();
    if (this.companion?.kill()) await once(this.companion, 'exit');
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts a server; `settings` is what its configuration needs beside the port, or the port itself if it has to be one. */
async function realServer(name, settings = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `iocp-net-${name}-`));
  fs.chmodSync(folder, 0o755);
  const ports = settings.port === undefined ? [] : [settings.port];
  while (ports.length < (kinds[name].ports ?? 1)) ports.push(await freePort(net));
  kinds[name].prepare?.(ports[0], folder, settings);
  const server = new RealServer(name, ports, folder);
  await server.start();
  return server;
}

module.exports = { realServer, missingPackages };
