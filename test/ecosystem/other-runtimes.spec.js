'use strict';

// Bun and Deno: the package is their own net, however it is loaded, and says so. `npm run bench:peers` installs them.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { packageCopies, removeCopies } = require('../support/package-copy.js');
const { packageRoot } = require('../support/transports.js');

const GUARD_MS = 60_000;
const peers = path.join(packageRoot, 'benchmarks', 'peers', 'node_modules');
const system = process.platform === 'win32' ? 'win32' : process.platform;

/** Bun's install step puts its program there, under this name on every system: under Wine it is Linux's. */
function bunProgram() {
  const program = path.join(peers, 'bun', 'bin', 'bun.exe');
  if (!fs.existsSync(program)) return 'none';
  const file = fs.openSync(program);
  const start = Buffer.alloc(2);
  fs.readSync(file, start);
  fs.closeSync(file);
  return (start.toString('latin1') === 'MZ') === (process.platform === 'win32') ? program : 'none';
}

function denoProgram() {
  const scope = path.join(peers, '@deno');
  const folder = fs.existsSync(scope) && fs.readdirSync(scope).find((name) => name.startsWith(system));
  return folder ? path.join(scope, folder, process.platform === 'win32' ? 'deno.exe' : 'deno') : 'none';
}

const RUNTIMES = {
  Bun: {
    program: bunProgram(),
    run: (file) => [file],
    preloaded: (file) => ['--preload', 'iocp-net/register', file],
  },
  Deno: {
    program: denoProgram(),
    run: (file) => ['run', '--allow-all', '--quiet', file],
    preloaded: (file) => [
      'run',
      '--allow-all',
      '--quiet',
      '--require',
      './node_modules/iocp-net/dist/register.js',
      file,
    ],
  },
};

const BODY = `
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1', () => {
    let text = '';
    connect(server.address().port, '127.0.0.1').on('data', (chunk) => (text += chunk)).on('close', () => {
      server.close();
      console.log(JSON.stringify([engine.name, engine.reason, same, engine.counters.batches, text]));
    });
  });`;

const PROGRAMS = {
  'required.cjs': `
    const net = require('iocp-net');
    const { engine } = require('iocp-net/engine');
    const { install, uninstall } = require('iocp-net/install');
    const { Agent, attach } = require('iocp-net/http');
    require('iocp-net/register');
    install();
    uninstall();
    if (typeof Agent !== 'function' || typeof attach !== 'function') throw new Error('no iocp-net/http');
    const { createServer, connect } = net;
    const same = net === require('node:net');
    ${BODY}`,
  'imported.mjs': `
    import net, { createServer, connect, Socket, Server, isIP } from 'iocp-net';
    import node from 'node:net';
    import { engine } from 'iocp-net/engine';
    const same = net === node && Socket === node.Socket && Server === node.Server && isIP('::1') === 6;
    ${BODY}`,
  'preloaded.cjs': `
    const { createServer, connect } = require('node:net');
    const { engine } = require('iocp-net/engine');
    const same = require('iocp-net') === require('node:net');
    ${BODY}`,
  // Without one of libuv's functions the system refuses the addon; it must not end the process in the first call of it.
  'addon.cjs': `
    try {
      require(process.argv[2]);
      console.log('loaded');
    } catch (error) {
      console.log('refused');
    }`,
};

describe('other runtimes', function () {
  this.timeout(2 * GUARD_MS);
  let folder;

  before(() => {
    folder = packageCopies(['iocp-net']);
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
    for (const [name, text] of Object.entries(PROGRAMS)) fs.writeFileSync(path.join(folder, name), text);
  });
  after(() => removeCopies(folder));

  for (const [name, { program, run, preloaded }] of Object.entries(RUNTIMES)) {
    describe(name, () => {
      before(function () {
        if (fs.existsSync(program)) return;
        if (process.env.IOCP_NET_REQUIRE_SERVERS === '1' && process.platform === 'linux')
          throw new Error(`${name} is not installed: npm run bench:peers`);
        this.skip(); // Windows' own is not there where npm is Linux's; on Linux the gate requires it
      });

      const output = (args) => {
        const { status, signal, stdout, stderr } = spawnSync(program, args, {
          cwd: folder,
          encoding: 'utf8',
          timeout: GUARD_MS,
          env: { ...process.env, NO_COLOR: '1' },
        });
        assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
        return stdout.trim();
      };

      for (const [file, args] of [
        ['required.cjs', run],
        ['imported.mjs', run],
        ['preloaded.cjs', preloaded],
      ]) {
        it(`is its own net: ${file}`, () => {
          const [engine, reason, same, batches, text] = JSON.parse(output(args(file)));
          assert.deepEqual([engine, same, batches, text], ['libuv', true, 0, 'hello']);
          assert.match(reason, new RegExp(`^${name} \\d+\\.\\S+ carries its own sockets$`));
        });
      }

      if (name === 'Deno' && process.platform === 'linux') {
        it('lives through the addon itself', () => {
          const addon = require('node-gyp-build').resolve(packageRoot);
          assert.equal(output([...run('addon.cjs'), addon]), 'refused');
        });
      }
    });
  }
});
