'use strict';

// IOCP_NET_ENGINE, and what happens where no engine can run: the package is node:net itself and says why.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { packageRoot } = require('../support/transports.js');
const { run, ENGINE } = require('../support/program.js');

// Names the folder of the addon to node-gyp-build: the tests of this checkout need it on Windows.
const NO_PREBUILD = { IOCP_NET_PREBUILD: '' };
const OTHER = ENGINE === 'iocp' ? 'epoll' : 'iocp';

const REPORT = `
  const net = require('node:net');
  const builtin = { ...net };
  const ours = require(PACKAGE);
  const { engine } = require(PACKAGE_ENGINE);
  const server = ours.createServer((socket) => socket.end('x')).listen(0, '127.0.0.1', () => {
    const client = ours.connect(server.address().port, '127.0.0.1').resume();
    client.on('close', () => {
      server.close();
      console.log(JSON.stringify({
        name: engine.name,
        reason: engine.reason ?? null,
        builtin: Object.keys(builtin).every((name) => ours[name] === builtin[name]),
        names: Object.keys(ours).sort().join() === Object.keys(builtin).sort().join(),
        accepted: engine.counters.acceptedEndpoints,
      }));
    });
  });`;

const { BOUNDARY_ID } = require('../../dist/port/boundary.js');

/** An addon whose port the system refuses. */
const refused = (code) => `
  const [status] = [...require('node:util').getSystemErrorMap()].find(([, [name]]) => name === '${code}');
  module.exports = { name: '${ENGINE}', boundary: ${BOUNDARY_ID}, open: () => status };`;

/** Every entry that may look for an engine, and servers and sockets. */
const TWICE = `
  require('iocp-net/register');
  const { engine } = require('iocp-net/engine');
  const server = require('iocp-net').createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
    require('node:net').connect(server.address().port, '127.0.0.1').resume().on('close', () => {
      server.close();
      console.log(engine.name);
    });
  });`;

/** The lines of NODE_DEBUG=iocp-net that say why node:net carries everything. */
function carriedByNode(stderr) {
  return stderr
    .split('\n')
    .map((line) => /^IOCP-NET \d+: node:net carries everything: (.*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined);
}

async function report(options = {}, names = ['iocp-net', 'iocp-net/engine']) {
  const source = REPORT.replace('PACKAGE_ENGINE', JSON.stringify(names[1])).replace(
    'PACKAGE',
    JSON.stringify(names[0]),
  );
  const { expectedStderr = /^$/, ...rest } = options;
  const { code, stdout, stderr } = await run({ source, ...rest });
  assert.equal(code, 0, stderr);
  assert.match(stderr, expectedStderr);
  return JSON.parse(stdout);
}

function assertLibuv({ reason, ...rest }, pattern) {
  assert.deepEqual(rest, { name: 'libuv', builtin: true, names: true, accepted: 0 });
  assert.equal(typeof reason, 'string');
  assert.match(reason, pattern);
}

describe('engine', function () {
  this.timeout(60_000);

  it('is that of the system when nothing is asked for', async () => {
    assert.deepEqual(await report(), {
      name: ENGINE,
      reason: null,
      builtin: false,
      names: true,
      accepted: 1,
    });
  });

  it(`is ${ENGINE} when that is forced`, async () => {
    const result = await report({ env: { IOCP_NET_ENGINE: ENGINE } });
    assert.deepEqual(result, { name: ENGINE, reason: null, builtin: false, names: true, accepted: 1 });
  });

  it('is node:net itself when libuv is forced', async () => {
    assertLibuv(await report({ env: { IOCP_NET_ENGINE: 'libuv' } }), /IOCP_NET_ENGINE/);
  });

  it(`falls back with a reason when ${OTHER} is forced here`, async () => {
    assertLibuv(await report({ env: { IOCP_NET_ENGINE: OTHER } }), new RegExp(OTHER));
  });

  it('falls back with a reason and a warning when something unknown is forced', async () => {
    const expectedStderr = /^\(node:\d+\) \[IOCP_NET_ENGINE\] Warning: IOCP_NET_ENGINE=steam is none of /;
    assertLibuv(await report({ env: { IOCP_NET_ENGINE: 'steam' }, expectedStderr }), /steam/);
  });

  it('says once under NODE_DEBUG=iocp-net why node:net carries everything', async () => {
    const env = { IOCP_NET_ENGINE: 'libuv', NODE_DEBUG: 'iocp-net' };
    const line =
      'node:net carries everything: IOCP_NET_ENGINE=libuv asks for node:net; unset IOCP_NET_ENGINE';
    const expectedStderr = new RegExp(`^IOCP-NET \\d+: ${line}\r?\n$`);
    assertLibuv(await report({ env, expectedStderr }), /IOCP_NET_ENGINE/);
  });

  it('says so once, beside the warning, when something unknown is forced', async () => {
    const env = { IOCP_NET_ENGINE: 'steam', NODE_DEBUG: 'iocp-net' };
    const why = 'IOCP_NET_ENGINE=steam is none of epoll, iocp, libuv';
    const { stderr } = await run({ source: TWICE, env });
    assert.deepEqual(carriedByNode(stderr), [`${why}; correct or unset IOCP_NET_ENGINE`]);
    assert.match(stderr, new RegExp(`\\[IOCP_NET_ENGINE\\] Warning: ${why}; node:net carries everything\n`));
  });

  it('takes an empty IOCP_NET_ENGINE for none', async () => {
    assert.equal((await report({ env: { IOCP_NET_ENGINE: '' } })).name, ENGINE);
  });

  for (const preload of ['require', 'import']) {
    it(`leaves node:net alone under --${preload} when libuv is forced`, async () => {
      const result = await run({
        preload,
        env: { IOCP_NET_ENGINE: 'libuv' },
        source: `
          const net = require('node:net');
          const { libuvHandles } = require(${JSON.stringify(require.resolve('../support/libuv-handles.cjs'))});
          const server = net.createServer().listen(0, '127.0.0.1', () => {
            console.log(libuvHandles().length > 0, require('iocp-net').Server === net.Server);
            server.close();
          });`,
      });
      assert.deepEqual([result.code, result.stdout, result.stderr], [0, 'true true\n', '']);
    });
  }

  describe('a package whose addon cannot be loaded', () => {
    let folder;
    beforeEach(() => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-'));
      const copy = path.join(folder, 'node_modules', 'iocp-net');
      fs.cpSync(path.join(packageRoot, 'dist'), path.join(copy, 'dist'), { recursive: true });
      fs.copyFileSync(path.join(packageRoot, 'package.json'), path.join(copy, 'package.json'));
      const loader = path.dirname(require.resolve('node-gyp-build/package.json', { paths: [packageRoot] }));
      fs.cpSync(loader, path.join(folder, 'node_modules', 'node-gyp-build'), { recursive: true });
    });
    afterEach(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

    it('is node:net when there is none', async () => {
      const result = await report({ cwd: folder, env: NO_PREBUILD });
      assertLibuv(result, /./);
    });

    it('says so once under NODE_DEBUG=iocp-net', async () => {
      const env = { ...NO_PREBUILD, NODE_DEBUG: 'iocp-net' };
      const { code, stdout, stderr } = await run({ source: TWICE, cwd: folder, env });
      assert.deepEqual([code, stdout], [0, 'libuv\n'], stderr);
      const [line, ...more] = carriedByNode(stderr);
      assert.match(
        line,
        /^the native port did not load \(No native build was found .*\); the prebuilt engine for /,
      );
      assert.deepEqual(more, []);
    });

    it('is node:net when the port does not open, and says so once', async () => {
      const addon = path.join(folder, 'refused.cjs');
      fs.writeFileSync(addon, refused('EMFILE'));
      const env = { ...NO_PREBUILD, IOCP_NET_ADDON: addon };
      assertLibuv(
        await report({ cwd: folder, env }),
        new RegExp(`^the ${ENGINE} port did not open \\(EMFILE\\)$`),
      );
      const { stdout, stderr } = await run({
        source: `${TWICE} console.log(require('./node_modules/iocp-net/dist/shared.js').adviceForNone());`,
        cwd: folder,
        env: { ...env, NODE_DEBUG: 'iocp-net' },
      });
      const advice = 'let the process have more descriptors (ulimit -n) or memory, and start it again';
      assert.equal(stdout, `${advice}\nlibuv\n`);
      assert.deepEqual(carriedByNode(stderr), [`the ${ENGINE} port did not open (EMFILE); ${advice}`]);
    });

    it('gives no advice on what is not permitted', async () => {
      const addon = path.join(folder, 'not-permitted.cjs');
      fs.writeFileSync(addon, refused('EPERM'));
      const { stdout, stderr } = await run({
        source: `${TWICE} console.log(require('./node_modules/iocp-net/dist/shared.js').adviceForNone());`,
        cwd: folder,
        env: { ...NO_PREBUILD, IOCP_NET_ADDON: addon, NODE_DEBUG: 'iocp-net' },
      });
      assert.equal(stdout, 'undefined\nlibuv\n');
      assert.deepEqual(carriedByNode(stderr), [`the ${ENGINE} port did not open (EPERM)`]);
    });

    it('is node:net when the file is broken', async () => {
      const release = path.join(folder, 'node_modules', 'iocp-net', 'build', 'Release');
      fs.mkdirSync(release, { recursive: true });
      fs.writeFileSync(path.join(release, 'iocp_net.node'), 'no addon at all');
      assertLibuv(await report({ cwd: folder, env: NO_PREBUILD }), /./);
    });

    it('serves under the preload all the same', async () => {
      const result = await run({
        cwd: folder,
        env: NO_PREBUILD,
        preload: 'require',
        source: `
          const server = require('node:http').createServer((q, r) => r.end('fine')).listen(0, '127.0.0.1', () => {
            require('node:http').get({ port: server.address().port, host: '127.0.0.1', agent: false }, (r) => {
              r.on('data', (text) => console.log(String(text)));
              server.close();
            });
          });`,
      });
      assert.deepEqual([result.code, result.stdout, result.stderr], [0, 'fine\n', '']);
    });
  });
});
