'use strict';

// worker_threads, each with an engine of its own; and a process in which the package is loaded more than once.

const assert = require('node:assert/strict');
const { transports } = require('../support/transports.js');
const { run } = require('../support/program.js');
const { isWindows } = require('../support/local-names.js');
const { nodeMajor } = require('../support/sockets.js');

const CYCLES = 50;
const WORKERS = 4;
// Memory that a process may hold on to after its workers: arenas of the allocator, not engines (0.5 MB each).
const GROWTH_BYTES_MAX = 24 * 2 ** 20;
const clean = (stdout) => ({ code: 0, signal: null, stdout, stderr: '' });

for (const transport of transports) {
  const net = `require(${JSON.stringify(transport.id)})`;

  describe(`workers: ${transport.name}`, function () {
    this.timeout(300_000);

    it(`${CYCLES} workers under load, started and terminated one after the other: descriptors and memory stay flat`, async () => {
      const { stdout, ...rest } = await run({
        guardMs: 280_000,
        execArgv: ['--expose-gc'],
        source: `
          const { Worker } = require('node:worker_threads');
          const fs = require('node:fs');
          const net = ${net};
          const source = ${JSON.stringify(`
            const { parentPort } = require('node:worker_threads');
            const net = ${net};
            const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
            server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`)};
          const descriptors = () => process.platform === 'linux' ? fs.readdirSync('/proc/self/fd').length : 0;
          async function cycle() {
            const worker = new Worker(source, { eval: true });
            const port = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
            const closed = [];
            const received = [];
            for (let n = 0; n < 8; n++) {
              const client = net.connect(port, '127.0.0.1');
              const block = Buffer.alloc(16 * 1024, 'x');
              client.on('error', () => {}).on('connect', () => client.write(block));
              received.push(new Promise((resolve) => client.once('data', resolve)));
              client.on('data', (chunk) => client.write(chunk));
              closed.push(new Promise((resolve) => client.once('close', resolve)));
            }
            await Promise.all(received);
            await worker.terminate();
            await Promise.all(closed);
          }
          (async () => {
            // Until the allocator has what it wants.
            for (let n = 0; n < 10; n++) await cycle();
            gc();
            const before = { descriptors: descriptors(), bytes: process.memoryUsage().rss };
            for (let n = 0; n < ${CYCLES}; n++) await cycle();
            gc();
            console.log(JSON.stringify({
              descriptors: descriptors() - before.descriptors,
              bytes: process.memoryUsage().rss - before.bytes,
            }));
          })();`,
      });
      assert.deepEqual(rest, { code: 0, signal: null, stderr: '' });
      const { descriptors, bytes } = JSON.parse(stdout);
      assert.equal(descriptors, 0);
      assert.ok(bytes < GROWTH_BYTES_MAX, `the process grew by ${bytes} bytes in ${CYCLES} cycles`);
    });

    // Windows has no SO_REUSEPORT, and net.Server has the option since Node 22.
    const shared = !isWindows && nodeMajor >= 22;
    it(`${WORKERS} workers with a server each${shared ? ' on one port, with reusePort' : ''}: all of them serve`, async () => {
      const result = await run({
        source: `
          const { Worker } = require('node:worker_threads');
          const net = ${net};
          const source = ${JSON.stringify(`
            const { parentPort, workerData, threadId } = require('node:worker_threads');
            const net = ${net};
            const server = net.createServer((socket) => socket.end(String(threadId)));
            server.listen({ port: workerData, host: '127.0.0.1', reusePort: ${shared} }, () =>
              parentPort.postMessage(server.address().port));
            parentPort.once('message', () => { server.close(); });`)};
          const start = (port) => new Promise((resolve, reject) => {
            const worker = new Worker(source, { eval: true, workerData: port }).once('error', reject);
            worker.once('message', (bound) => resolve({ worker, port: bound }));
          });
          const ask = (port) => new Promise((resolve, reject) => {
            let text = '';
            net.connect(port, '127.0.0.1').on('data', (chunk) => (text += chunk)).on('error', reject)
              .on('close', () => resolve(text));
          });
          (async () => {
            const first = await start(0);
            const all = [first];
            while (all.length < ${WORKERS}) all.push(await start(${shared} ? first.port : 0));
            const served = new Set();
            for (let n = 0; n < 2_000 && served.size < ${WORKERS}; n++) served.add(await ask(all[n % ${WORKERS}].port));
            const ends = all.map(({ worker }) => new Promise((resolve) => worker.once('exit', resolve)));
            for (const { worker } of all) worker.postMessage('close');
            console.log(served.size, new Set(all.map(({ port }) => port)).size, (await Promise.all(ends)).join());
          })();`,
      });
      assert.deepEqual(result, clean(`${WORKERS} ${shared ? 1 : WORKERS} 0,0,0,0\n`));
    });

    it('an uncaught error in a worker ends that worker alone', async () => {
      const result = await run({
        source: `
          const { Worker } = require('node:worker_threads');
          const net = ${net};
          const source = ${JSON.stringify(`
            const { parentPort } = require('node:worker_threads');
            const net = ${net};
            const server = net.createServer((socket) => socket.on('data', () => { throw new Error('of the worker'); }));
            server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`)};
          const worker = new Worker(source, { eval: true });
          worker.on('error', (error) => console.log(error.message));
          worker.on('message', (port) => {
            const client = net.connect(port, '127.0.0.1').on('error', () => {});
            client.on('close', () => console.log('closed')).resume().write('x');
          });
          worker.on('exit', (code) => setTimeout(() => console.log(code), 50));`,
      });
      const { stdout, ...rest } = result;
      assert.deepEqual(rest, { code: 0, signal: null, stderr: '' });
      assert.deepEqual(stdout.trim().split('\n').sort(), ['1', 'closed', 'of the worker']);
    });

    it('a worker ends by itself when its last socket has closed', async () => {
      const result = await run({
        source: `
          const { Worker } = require('node:worker_threads');
          const source = ${JSON.stringify(`
            const net = ${net};
            const server = net.createServer((socket) => { socket.end('x'); server.close(); });
            server.listen(0, '127.0.0.1', () => net.connect(server.address().port, '127.0.0.1').resume());`)};
          new Worker(source, { eval: true }).on('exit', (code) => console.log('ended', code));`,
      });
      assert.deepEqual(result, clean('ended 0\n'));
    });

    if (!transport.ours) return;

    it('the package can be loaded twice in one process, and used from another context', async () => {
      const result = await run({
        source: `
          const vm = require('node:vm');
          const path = require('node:path');
          const load = () => {
            for (const key of Object.keys(require.cache)) {
              if (key.startsWith(${JSON.stringify(transport.id)}) && !key.includes('node_modules')) delete require.cache[key];
            }
            return { net: ${net}, engine: require('iocp-net/engine').engine };
          };
          const first = load();
          const second = load();
          const context = vm.createContext({ net: first.net, Buffer, done: null });
          (async () => {
            const texts = [];
            for (const [server, client] of [[first, second], [second, first], [first, first]]) {
              const listening = server.net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
              await new Promise((resolve) => listening.once('listening', resolve));
              texts.push(await new Promise((resolve) => {
                const socket = client.net.connect(listening.address().port, '127.0.0.1');
                socket.on('data', (chunk) => { listening.close(); socket.end(); resolve(String(chunk)); });
                socket.write('hello');
              }));
            }
            texts.push(await vm.runInContext(\`new Promise((resolve) => {
              const server = net.createServer((socket) => socket.end('context')).listen(0, '127.0.0.1', () => {
                net.connect(server.address().port, '127.0.0.1').on('data', (chunk) => { server.close(); resolve(String(chunk)); });
              });
            })\`, context));
            console.log(first.net === second.net, first.engine.name === second.engine.name, texts.join());
          })();`,
      });
      assert.deepEqual(result, clean('true true hello,hello,hello,context\n'));
    });
  });
}
