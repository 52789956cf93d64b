'use strict';

// iocp-net doctor: what it says to do where there is no engine, and what it reports of a program that it runs.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { packageRoot } = require('../support/transports.js');
const { ENGINE, run } = require('../support/program.js');

const CLI = path.join(packageRoot, 'dist', 'cli.js');

function doctor(args, { env = {}, cli = CLI, execArgv = [] } = {}) {
  return new Promise((resolve, reject) => {
    const { IOCP_NET_ENGINE, NODE_OPTIONS, NODE_DEBUG, ...rest } = process.env;
    const child = spawn(process.execPath, [...execArgv, cli, 'doctor', ...args], {
      env: { ...rest, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        output[name] += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
}

describe('iocp-net doctor: what to do', function () {
  this.timeout(120_000);

  let folder;
  let copy;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-doctor-'));
    copy = path.join(folder, 'node_modules', 'iocp-net');
    fs.cpSync(path.join(packageRoot, 'dist'), path.join(copy, 'dist'), { recursive: true });
    fs.copyFileSync(path.join(packageRoot, 'package.json'), path.join(copy, 'package.json'));
    const loader = path.dirname(require.resolve('node-gyp-build/package.json', { paths: [packageRoot] }));
    fs.cpSync(loader, path.join(folder, 'node_modules', 'node-gyp-build'), { recursive: true });
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  /** The report of a copy of the package whose addon is the file at `addon`. */
  async function report(addon, options = {}) {
    const env = { IOCP_NET_PREBUILD: '', IOCP_NET_ADDON: addon ?? '', ...options.env };
    const cli = path.join(copy, 'dist', 'cli.js');
    const { code, stdout, stderr } = await doctor(['--json'], { ...options, cli, env });
    assert.equal(code, 1, stderr);
    return JSON.parse(stdout);
  }

  it('without any engine', async () => {
    const { engine, advice, addon } = await report();
    assert.equal(engine, 'libuv');
    assert.equal(addon, undefined);
    const build = process.platform === 'win32' ? 'install the package again' : 'npx iocp-net build';
    assert.match(advice, new RegExp(`prebuilt engine .* is missing: ${build}`));
  });

  const SYSTEMS = {
    'on FreeBSD': [
      { platform: 'freebsd', arch: 'x64' },
      /^there is no prebuilt engine for freebsd-x64; there the package is node:net$/,
    ],
    'on another processor': [
      { platform: 'linux', arch: 'ia32' },
      /^there is no prebuilt engine for linux-ia32: npx iocp-net build makes one$/,
    ],
    'with musl': [
      { platform: 'linux', arch: 'x64', musl: true },
      /^the prebuilt engine for linux-x64 with musl is missing: npx iocp-net build$/,
    ],
  };
  for (const [name, [system, pattern]] of Object.entries(SYSTEMS)) {
    it(`without any engine, ${name}`, async () => {
      const pretend = path.join(folder, 'pretend.cjs');
      fs.writeFileSync(
        pretend,
        `const { musl, ...system } = ${JSON.stringify(system)};
        for (const [key, value] of Object.entries(system)) Object.defineProperty(process, key, { value });
        const report = process.report.getReport();
        report.header.glibcVersionRuntime = musl ? undefined : '2.36';
        process.report.getReport = () => report;`,
      );
      const { advice, reason } = await report(undefined, { execArgv: ['--require', pretend] });
      assert.match(advice, pattern, reason);
    });
  }

  it('in a checkout that was not built', async () => {
    fs.mkdirSync(path.join(copy, 'scripts'));
    fs.writeFileSync(path.join(copy, 'scripts', 'prepare.mjs'), '');
    assert.match(
      (await report()).advice,
      /^this checkout has no engine .*--ignore-scripts.* npm run build:native/,
    );
  });

  it('with a file that is no addon', async () => {
    const file = path.join(folder, 'broken.node');
    fs.writeFileSync(file, 'no addon at all, and longer than any header of a file could be'.repeat(4));
    const { reason, advice } = await report(file);
    assert.match(reason, /did not load/);
    assert.match(advice, /damaged or for another processor/, reason);
  });

  it('with a name of a file that is not there', async () => {
    assert.match(
      (await report(path.join(folder, 'none.node'))).advice,
      /IOCP_NET_ADDON names a file that is not there/,
    );
  });

  it('under --no-addons', async () => {
    const file = path.join(folder, 'any.node');
    fs.writeFileSync(file, '');
    const { advice } = await report(file, { execArgv: ['--no-addons'] });
    assert.match(advice, /--no-addons/);
  });

  it('with a name of an engine that is none', async () => {
    const { advice } = await report(undefined, { env: { IOCP_NET_ENGINE: 'steam' } });
    assert.match(advice, /IOCP_NET_ENGINE/);
  });

  it('bench --help without the suite says where it is', async () => {
    const file = path.join(copy, 'dist', 'cli.js');
    const { code, stdout } = await run({ file, args: ['bench', '--help'], cwd: folder });
    assert.equal(code, 0);
    assert.match(stdout, /npm install --no-save iocp-net-bench/);
  });

  it('when the package was bundled without its engine', async () => {
    fs.rmSync(path.join(copy, 'package.json'));
    fs.writeFileSync(path.join(copy, 'package.json'), '{ "name": "some-bundle", "version": "1.0.0" }');
    assert.match((await report()).advice, /bundled .* prebuilds .* IOCP_NET_ADDON/);
  });
});

describe('iocp-net doctor: advice on errors of the loader', () => {
  const { adviceFor } = require('../../dist/port/advice.js');
  const cases = [
    ["/lib/libc.so.6: version `GLIBC_2.28' not found (required by x.node)", /older C library/],
    ["/lib/libstdc++.so.6: version `GLIBCXX_3.4.21' not found", /older C library/],
    ['x.node: cannot open shared object file: Permission denied', /owner and mode/],
    ['x.node: failed to map segment from shared object: Operation not permitted', /noexec/],
    ['x.node: invalid ELF header', /damaged/],
    [
      'Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by x.node)',
      /another C library/,
    ],
    ['Error loading shared library /x.node: Exec format error', /damaged or for another processor/],
    ['libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory', /another C library/],
    ['libc.so: cannot open shared object file: No such file or directory', /another C library/],
    ['/lib/x86_64-linux-gnu/libc.so: invalid ELF header', /another C library/],
    ['Error relocating x.node: __memcpy_chk: symbol not found', /another C library/],
    ['something else', /troubleshooting/],
  ];
  for (const [message, pattern] of cases) {
    it(message, () => assert.match(adviceFor(new Error(message)), pattern));
  }
});

describe('iocp-net doctor -- program', function () {
  this.timeout(120_000);

  const PROGRAM = `
    const net = require('node:net');
    const server = net.createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1', () => {
      net.connect(server.address().port, '127.0.0.1').resume().on('close', () => server.close());
    });`;

  it('counts what the port carried', async () => {
    const { code, stdout } = await doctor(['--json', '--', process.execPath, '-e', PROGRAM]);
    assert.equal(code, 0);
    const { processes } = JSON.parse(stdout);
    assert.equal(processes.length, 1);
    const [{ engine, counters, lines, onLibuv }] = processes;
    assert.equal(engine, ENGINE);
    assert.deepEqual([counters.acceptedEndpoints, counters.connectedEndpoints], [1, 1]);
    assert.equal(counters.bytesSent, 5);
    assert.equal(lines[`Server accepts *: the ${ENGINE} port`], 1);
    assert.equal(onLibuv['TCP sockets'], undefined);
  });

  const IDENTITY = ['key', 'cert'].map((name) => path.join(__dirname, 'fixtures', `localhost-${name}.pem`));
  /** Two ends of a TLS connection over sockets that the program made; `start` is the client's. */
  const secured = (start) => `
    const fs = require('node:fs');
    const net = require('node:net');
    const tls = require('node:tls');
    const [key, cert] = ${JSON.stringify(IDENTITY)}.map((file) => fs.readFileSync(file));
    const server = net.createServer((socket) => {
      new tls.TLSSocket(socket, { isServer: true, key, cert }).end('hello');
    }).listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, '127.0.0.1');
      const secure = () =>
        tls.connect({ socket, rejectUnauthorized: false }).resume().on('close', () => server.close());
      ${start}
    });`;
  for (const [when, start] of [
    ['connected', "socket.once('connect', secure);"],
    ['connecting', 'secure();'],
  ]) {
    it(`counts a TLS session once, over a socket that is ${when}`, async () => {
      const { code, stdout } = await doctor(['--json', '--', process.execPath, '-e', secured(start)]);
      assert.equal(code, 0);
      const [{ onLibuv, lines }] = JSON.parse(stdout).processes;
      assert.equal(onLibuv['TLS sessions'], 2);
      assert.equal(lines['TLSSocket over a handle of Node, which keeps it: libuv'], 2);
    });
  }

  it('does not count what the port asks Node by trying', async () => {
    const program = `
      const net = require('node:net');
      try { net.connect({ port: 65536 }); } catch {}
      try { net.connect({ port: 1, family: 5 }).on('error', () => {}); } catch {}
      net.connect({ port: 1, host: '127.0.0.1', localAddress: '::1' }).on('error', () => {});`;
    const { code, stdout } = await doctor(['--json', '--', process.execPath, '-e', program]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout).processes[0].onLibuv, {});
  });

  it('counts what node:net carried, and says why', async () => {
    const env = { IOCP_NET_ENGINE: 'libuv' };
    const { stdout } = await doctor(['--json', '--', process.execPath, '-e', PROGRAM], { env });
    const [{ engine, reason, counters, onLibuv }] = JSON.parse(stdout).processes;
    assert.equal(engine, 'libuv');
    assert.match(reason, /IOCP_NET_ENGINE/);
    assert.equal(counters.acceptedEndpoints, 0);
    assert.deepEqual([onLibuv['TCP servers'], onLibuv['TCP sockets']], [1, 2]);
  });

  it('ends with the exit code of the program, and is for people without --json', async () => {
    const { code, stdout } = await doctor(['--', process.execPath, '-e', 'process.exit(7)']);
    assert.equal(code, 7);
    assert.match(stdout, new RegExp(`exit code 7[\\s\\S]*engine +${ENGINE}[\\s\\S]*carried +0 accepted`));
  });

  /** Serves one client and goes on until the report lists it; then `then` is run. */
  const served = (then) => `
    const fs = require('node:fs');
    const net = require('node:net');
    const path = require('node:path');
    const { threadId } = require('node:worker_threads');
    setTimeout(() => process.exit(3), 60_000).unref(); // where no report comes
    const report = path.join(process.env.IOCP_NET_OBSERVE, process.pid + '-' + threadId + '.json');
    const server = net.createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1', () => {
      net.connect(server.address().port, '127.0.0.1').resume().on('close', () => {
        const timer = setInterval(() => {
          if (!fs.existsSync(report) || !fs.readFileSync(report, 'utf8').includes('"acceptedEndpoints":1')) return;
          clearInterval(timer);
          ${then}
        }, 50);
      });
    });`;

  // A signal ends the program before 'exit': what it had carried until then is reported all the same.
  const onWindows = process.platform === 'win32';
  const signals = {
    SIGINT: 'process.kill(process.pid, "SIGINT")',
    SIGTERM: `process.kill(process.${onWindows ? 'pid' : 'ppid'}, "SIGTERM")`, // the doctor hands it on
  };
  for (const [signal, kill] of Object.entries(signals)) {
    it(`reports what a server carried that ${signal} ended`, async () => {
      const { code, stdout } = await doctor(['--json', '--', process.execPath, '-e', served(kill)]);
      assert.equal(code, onWindows ? 1 : 128 + os.constants.signals[signal]);
      const [{ ended, counters }, ...others] = JSON.parse(stdout).processes;
      assert.equal(others.length, 0);
      assert.equal(ended, false);
      assert.equal(counters.acceptedEndpoints, 1);
    });
  }

  it('reports what a worker carried that was terminated', async () => {
    const worker = served("require('node:worker_threads').parentPort.postMessage('carried');");
    const program = `
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
      worker.on('message', () => worker.terminate());`;
    const { code, stdout } = await doctor(['--json', '--', process.execPath, '-e', program]);
    assert.equal(code, 0);
    const accepted = JSON.parse(stdout).processes.map(({ ended, counters }) => [
      ended,
      counters.acceptedEndpoints,
    ]);
    assert.deepEqual(accepted, [
      [true, 0],
      [false, 1],
    ]);
  });

  it('leaves a process alone that outlives it', async () => {
    const child = `
      const fs = require('node:fs');
      const timer = setInterval(() => {
        if (fs.existsSync(process.env.IOCP_NET_OBSERVE)) return;
        clearInterval(timer);
        setTimeout(() => fs.writeFileSync(process.env.OUTCOME, 'lived on'), 1500);
      }, 50);`;
    const outcome = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-outlives-')), 'outcome');
    const program = `
      const { spawn } = require('node:child_process');
      spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { detached: true, stdio: 'ignore' }).unref();`;
    const { code } = await doctor(['--', process.execPath, '-e', program], { env: { OUTCOME: outcome } });
    assert.equal(code, 0);
    while (!fs.existsSync(outcome)) await new Promise((resolve) => setTimeout(resolve, 50));
    fs.rmSync(path.dirname(outcome), { recursive: true, force: true });
  });

  it('keeps its JSON apart from what the program writes', async () => {
    const program = ['--json', '--', process.execPath, '-e', 'console.log("from the program")'];
    const { stdout, stderr } = await doctor(program);
    assert.equal(JSON.parse(stdout).processes.length, 1);
    assert.match(stderr, /from the program/);
  });

  it('explains itself', async () => {
    const { code, stdout, stderr } = await doctor(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^usage: iocp-net doctor [\s\S]*--json/);
  });

  it('refuses to run nothing', async () => {
    const { code, stderr } = await doctor(['--']);
    assert.equal(code, 1);
    assert.match(stderr, /needs a command/);
  });
});
