'use strict';

// Processes and workers that end while bytes are on their way: no crash, no hang, the right exit code.

const assert = require('node:assert/strict');
const { transports } = require('../support/transports.js');
const { run, ENGINE } = require('../support/program.js');

const BATCH = 4;

/** The source of a program that begins by loading the transport as `net`. */
const withNet = (transport, body) => `const net = require(${JSON.stringify(transport.id)});\n${body}`;

/** Runs the programs, a few at a time. */
async function inBatches(sources) {
  const results = [];
  for (let start = 0; start < sources.length; start += BATCH) {
    results.push(
      ...(await Promise.all(sources.slice(start, start + BATCH).map((source) => run({ source })))),
    );
  }
  return results;
}

// A server and clients in one environment, all of them busy in both directions, forever.
const TRAFFIC = `
  const block = Buffer.alloc(64 * 1024, 'x');
  function traffic(onBytes, clients = 4) {
    const flood = (socket) => {
      const more = () => { while (!socket.destroyed && socket.write(block)); };
      socket.on('drain', more).on('data', onBytes).on('error', () => {});
      more();
    };
    const server = net.createServer(flood).listen(0, '127.0.0.1', () => {
      for (let n = 0; n < clients; n++) flood(net.connect(server.address().port, '127.0.0.1'));
    });
    return server;
  }`;

for (const transport of transports) {
  // node:net shows that the specs are right; the hundred are for the engine.
  const wanted = Number(process.env.IOCP_NET_LIFECYCLE_ROUNDS ?? 100);
  const rounds = transport.ours ? wanted : 12;

  describe(`lifecycle: ${transport.name}`, function () {
    this.timeout(300_000);

    it(`a worker is terminated in the middle of a transfer, ${rounds} times`, async () => {
      const { code, signal, stdout, stderr } = await run({
        guardMs: 280_000,
        source: `
          const { Worker } = require('node:worker_threads');
          const fs = require('node:fs');
          const net = require(${JSON.stringify(transport.id)});
          const source = ${JSON.stringify(`
            const { parentPort, workerData } = require('node:worker_threads');
            ${withNet(transport, TRAFFIC)}
            let bytes = 0;
            traffic((chunk) => {
              if (bytes === 0) parentPort.postMessage('under way');
              bytes += chunk.length;
            });`)};
          const sockets = () => process.platform !== 'linux' ? 0 : fs.readdirSync('/proc/self/fd').filter((fd) => {
            try {
              return fs.readlinkSync('/proc/self/fd/' + fd).startsWith('socket:');
            } catch {
              return false;
            }
          }).length;
          async function round(n) {
            const worker = new Worker(source, { eval: true });
            const ended = new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
            // Every other one is ended at once, somewhere in its start.
            if (n % 4 !== 3) await new Promise((resolve) => worker.once('message', resolve));
            for (let turn = 0; turn < n % 7; turn++) await new Promise(setImmediate);
            const code = await worker.terminate();
            // One that is ended before it has begun says 0.
            if ((code !== 1 && !(code === 0 && n % 4 === 3)) || (await ended) !== code) throw new Error('exit code ' + code);
          }
          (async () => {
            await Promise.all([round(0), round(1)]);
            const before = sockets();
            for (let n = 2; n < ${rounds}; n += 2) await Promise.all([round(n), round(n + 1)]);
            console.log('left', sockets() - before);
          })();`,
      });
      assert.deepEqual(
        { code, signal, stdout, stderr },
        { code: 0, signal: null, stdout: 'left 0\n', stderr: '' },
      );
    });

    it('a worker that is terminated closes its connections for the peer in another thread', async () => {
      const { code, signal, stdout, stderr } = await run({
        guardMs: 120_000,
        source: `
          const { Worker } = require('node:worker_threads');
          const net = require(${JSON.stringify(transport.id)});
          const source = ${JSON.stringify(`
            const { parentPort } = require('node:worker_threads');
            ${withNet(transport, TRAFFIC)}
            const server = traffic(() => {}, 0);
            server.on('listening', () => parentPort.postMessage(server.address().port));`)};
          let left = 10;
          (function next() {
            const worker = new Worker(source, { eval: true });
            worker.once('message', (port) => {
              const client = net.connect(port, '127.0.0.1');
              let bytes = 0;
              client.on('error', () => {});
              client.on('data', (chunk) => {
                if (bytes === 0) worker.terminate();
                bytes += chunk.length;
              });
              client.on('close', () => {
                if (--left > 0) next();
                else console.log('closed every time');
              });
            });
          })();`,
      });
      assert.deepEqual(
        { code, signal, stdout, stderr },
        { code: 0, signal: null, stdout: 'closed every time\n', stderr: '' },
      );
    });

    it('a worker calls process.exit in the middle of a transfer', async () => {
      const { code, signal, stdout, stderr } = await run({
        source: `
          const { Worker } = require('node:worker_threads');
          const source = ${JSON.stringify(`
            ${withNet(transport, TRAFFIC)}
            traffic(() => process.exit(5));`)};
          const ends = Array.from({ length: 8 }, () => new Promise((resolve, reject) => new Worker(source, { eval: true }).on('exit', resolve).on('error', reject)));
          Promise.all(ends).then((codes) => console.log(codes.join()));`,
      });
      assert.deepEqual(
        { code, signal, stdout, stderr },
        { code: 0, signal: null, stdout: '5,5,5,5,5,5,5,5\n', stderr: '' },
      );
    });

    it(`process.exit in the middle of a transfer, ${rounds} times`, async () => {
      const moments = [
        'traffic(() => process.exit(CODE));',
        'let n = 0; traffic(() => { if (++n === 20) process.exit(CODE); });',
        'traffic(() => {}); setTimeout(() => process.exit(CODE), 20);',
        "const server = traffic(() => {}); server.on('connection', () => process.exit(CODE));",
        "const server = traffic(() => {}); server.on('listening', () => setImmediate(() => process.exit(CODE)));",
        'traffic(() => {}); process.exit(CODE);',
        "let n = 0; traffic(() => { if (++n === 5) { process.exitCode = CODE; process.exit(); } }); process.on('exit', () => traffic(() => {}));",
        'let n = 0; const server = traffic(() => { if (++n === 5) { server.close(); process.nextTick(() => process.exit(CODE)); } });',
        'new net.Socket(); net.createServer(); process.exit(CODE);',
        "const { Worker } = require('node:worker_threads'); new Worker(WORKER, { eval: true }); let n = 0; traffic(() => { if (++n === 50) process.exit(CODE); });",
      ];
      const worker = JSON.stringify(withNet(transport, `${TRAFFIC}; traffic(() => {});`));
      const sources = Array.from({ length: rounds }, (_, n) =>
        withNet(
          transport,
          `${TRAFFIC}\n${moments[n % moments.length].replaceAll('CODE', String((n % 100) + 1)).replace('WORKER', worker)}`,
        ),
      );
      const results = await inBatches(sources);
      results.forEach((result, n) => {
        assert.deepEqual(result, { code: (n % 100) + 1, signal: null, stdout: '', stderr: '' }, sources[n]);
      });
    });

    it('ends by itself when everything is destroyed in the middle of a transfer', async () => {
      const sources = [
        // closed from inside, both ends destroyed
        `const sockets = []; let n = 0;
         const server = traffic(() => { if (++n === 3) { server.close(); for (const s of sockets) s.destroy(); } }, 0);
         server.on('connection', (s) => sockets.push(s));
         server.on('listening', () => { for (let i = 0; i < 4; i++) { const c = net.connect(server.address().port, '127.0.0.1'); c.on('error', () => {}).on('data', () => {}); sockets.push(c); c.write(block); } });`,
        // never used
        `net.createServer(); new net.Socket();`,
      ];
      const results = await inBatches(sources.map((source) => withNet(transport, `${TRAFFIC}\n${source}`)));
      results.forEach((result, n) => {
        assert.deepEqual(result, { code: 0, signal: null, stdout: '', stderr: '' }, sources[n]);
      });
    });

    describe('exceptions', () => {
      const CONVERSATION = `
        function conversation(onServerData, clients = 1, onClient = () => {}) {
          const server = net.createServer((socket) => {
            socket.on('error', () => {}).on('data', (chunk) => onServerData(chunk, socket));
          }).listen(0, '127.0.0.1', () => {
            for (let n = 0; n < clients; n++) {
              const client = net.connect(server.address().port, '127.0.0.1', () => client.write('hello ' + n));
              client.on('error', () => {}).resume();
              onClient(client, n);
            }
          });
          return server;
        }`;

      for (const [title, body] of Object.entries({
        "a 'data' listener": "conversation(() => { throw new Error('of ours'); });",
        "a 'connection' listener":
          "conversation(() => {}).on('connection', () => { throw new Error('of ours'); });",
        "a 'connect' listener":
          "conversation(() => {}, 1, (client) => client.on('connect', () => { throw new Error('of ours'); }));",
        "an 'end' listener":
          "conversation((chunk, socket) => socket.end(), 1, (client) => client.on('end', () => { throw new Error('of ours'); }));",
        "a 'close' listener":
          "conversation((chunk, socket) => socket.destroy(), 1, (client) => client.on('close', () => { throw new Error('of ours'); }));",
        'a write callback':
          "conversation((chunk, socket) => socket.write('x', () => { throw new Error('of ours'); }));",
        "a 'listening' listener":
          "conversation(() => {}).on('listening', () => { throw new Error('of ours'); });",
        'a tick of a listener':
          "conversation(() => process.nextTick(() => { throw new Error('of ours'); }));",
        'a promise of a listener': "conversation(async () => { throw new Error('of ours'); });",
      })) {
        it(`thrown by ${title}: exit code 1 and the message`, async () => {
          const { code, signal, stdout, stderr } = await run({
            source: withNet(transport, `${CONVERSATION}\n${body}`),
          });
          assert.deepEqual({ code, signal, stdout }, { code: 1, signal: null, stdout: '' });
          assert.match(stderr, /Error: of ours\n {4}at /);
          assert.match(stderr, /\nNode\.js v\d+/);
        });
      }

      it("that is caught by the process loses nobody else's bytes", async () => {
        const { code, signal, stdout, stderr } = await run({
          source: withNet(
            transport,
            `${CONVERSATION}
            const caught = [];
            const received = [];
            process.on('uncaughtException', (error) => caught.push(error.message));
            const server = conversation((chunk, socket) => {
              received.push(String(chunk));
              socket.end();
              if (received.length === 10) server.close(() => console.log(caught.sort().join(), received.sort().join()));
              if (chunk.at(-1) % 2 === 0) throw new Error(String(chunk));
            }, 10);`,
          ),
        });
        const all = Array.from({ length: 10 }, (_, n) => `hello ${n}`);
        const even = all.filter((_, n) => n % 2 === 0);
        assert.deepEqual(
          { code, signal, stdout, stderr },
          { code: 0, signal: null, stdout: `${even.join()} ${all.join()}\n`, stderr: '' },
        );
      });
    });

    if (process.platform !== 'win32') {
      it('is ended by a signal in the middle of a transfer', async () => {
        for (const name of ['SIGTERM', 'SIGINT', 'SIGKILL']) {
          const source = withNet(
            transport,
            `${TRAFFIC}\nlet n = 0; traffic(() => { if (++n === 20) process.kill(process.pid, '${name}'); });`,
          );
          const { code, signal, stderr } = await run({ source });
          assert.deepEqual({ code, signal, stderr }, { code: null, signal: name, stderr: '' });
        }
      });
    }

    it('runs on what it is meant to run on', async () => {
      const { stdout } = await run({
        source: withNet(
          transport,
          `const { libuvHandles } = require(${JSON.stringify(require.resolve('../support/libuv-handles.cjs'))});
          const server = net.createServer().listen(0, '127.0.0.1', () => {
            console.log(libuvHandles().length > 0 ? 'node' : require('iocp-net/engine').engine.name);
            server.close();
          });`,
        ),
      });
      assert.equal(stdout, `${transport.ours ? ENGINE : 'node'}\n`);
    });
  });
}
