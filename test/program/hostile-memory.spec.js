'use strict';

// Whatever is done to the addon, its calls and its memory, nothing ends the process: an error, or nothing at all. Under
// the address sanitizer (npm run test:sanitized) it is also shown that nothing is read or written outside.
//
//   IOCP_NET_HOSTILE_RUNS=n   how many programs
//   IOCP_NET_HOSTILE_SEED=n   where to begin: run i is made from seed n + i

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { choice } = require('../support/transports.js');
const { run } = require('../support/program.js');
const { startProcess } = require('../support/start-process.js');

const RUNS = Number(process.env.IOCP_NET_HOSTILE_RUNS ?? 12);
const SEED = Number(process.env.IOCP_NET_HOSTILE_SEED ?? Math.floor(Math.random() * 1e9));
const STEPS = 400;
const GUARD_MS = 120_000;
const FIXTURE = path.join(__dirname, 'fixtures/hostile.cjs');

/**
 * Neither of its standard streams is a socket, which a bad call might take over. A bad call may also listen on a Unix socket,
 * whose file is then in the folder that the program runs in.
 */
function playHostile(seed, how) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-hostile-'));
  const file = path.join(folder, 'output');
  const output = fs.openSync(file, 'w');
  return new Promise((resolve, reject) => {
    const child = startProcess(() =>
      spawn(process.execPath, ['--expose-gc', FIXTURE, String(seed), String(STEPS), how], {
        cwd: folder,
        stdio: ['ignore', output, output],
      }),
    );
    fs.closeSync(output);
    const guard = setTimeout(() => child.kill('SIGKILL'), GUARD_MS);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(guard);
      const text = fs.readFileSync(file, 'utf8');
      fs.rmSync(folder, { recursive: true, force: true });
      resolve({ code, signal, text: text.slice(0, 6_000) });
    });
  });
}

// node:net alone has no addon.
const withPort = choice === 'node' ? describe.skip : describe; // node:net alone has no memory of ours

withPort('hostile calls and memory', function () {
  this.timeout(2 * GUARD_MS);
  for (const how of ['main', 'worker']) {
    for (let n = 0; n < RUNS / 2; n++) {
      const seed = SEED + n;
      it(`seed ${seed}, in ${how === 'main' ? 'the main thread' : 'a worker that is ended'}`, async () => {
        const result = await playHostile(seed, how);
        assert.deepEqual(result, { code: 0, signal: null, text: '' });
      });
    }
  }

  // ArrayBuffer.prototype.transfer moves memory that postMessage refuses to; Node 20 has none, and copies.
  it('memory that a worker gave away outlives the worker', async () => {
    const result = await run({
      execArgv: ['--expose-gc'],
      source: `
        const { Worker } = require('node:worker_threads');
        const kept = [];
        const worker = new Worker(
          \`const { parentPort } = require('node:worker_threads');
           const { memory } = require('node-gyp-build')(\${JSON.stringify(process.cwd())}).open(() => true);
           for (const array of Object.values(memory)) {
             const own = array.buffer.transfer?.() ?? structuredClone(array.buffer);
             parentPort.postMessage(own, [own]);
           }\`,
          { eval: true },
        );
        worker.on('message', (buffer) => kept.push(buffer));
        worker.on('exit', () => {
          gc();
          for (const buffer of kept) {
            const bytes = new Uint8Array(buffer);
            for (let at = 0; at < bytes.length; at++) bytes[at] = at;
          }
          console.log(kept.length, 'kept');
        });`,
    });
    assert.deepEqual(result, { code: 0, signal: null, stdout: '4 kept\n', stderr: '' });
  });
});
