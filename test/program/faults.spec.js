'use strict';

// What goes wrong between a program and the port: each program runs on node:net and on this package, and has to say the same.

const assert = require('node:assert/strict');
const net = require('node:net');
const { freePort } = require('../support/sockets.js');
const { transports } = require('../support/transports.js');
const { run } = require('../support/program.js');

const withNet = (transport, body) => `const net = require(${JSON.stringify(transport.id)});\n${body}`;

/** Asks a child that was busy: its sockets have been sent to, ended or connected meanwhile. */
const PEERS = `
  const { Worker } = require('node:worker_threads');
  // Blocks this thread until the peers in the other one have done their part, so that it all comes in one batch.
  function meanwhile(port, body) {
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(\`
      const net = require('node:net');
      const { port, shared } = require('node:worker_threads').workerData;
      const done = () => { Atomics.store(shared, 0, 1); Atomics.notify(shared, 0); };
      (\${body})(net, port, done);\`, { eval: true, workerData: { port, shared } });
    Atomics.wait(shared, 0, 0, 30000);
    return worker;
  }`;

for (const transport of transports) {
  describe(`faults: ${transport.name}`, function () {
    this.timeout(120_000);

    /** Runs the program and requires its output, exit code 0 and an empty stderr. */
    async function says(expected, body) {
      const { code, signal, stdout, stderr } = await run({ source: withNet(transport, body) });
      assert.deepEqual(
        { code, signal, stdout, stderr },
        { code: 0, signal: null, stdout: expected, stderr: '' },
      );
    }

    describe('the process ends', () => {
      it('when a socket is destroyed with bytes queued', () =>
        says(
          'closed\n',
          `const peers = [];
           const server = net.createServer((s) => { peers.push(s.pause().on('error', () => {})); });
           server.listen(0, '127.0.0.1', () => {
             const client = net.connect(server.address().port, '127.0.0.1', () => {
               client.write(Buffer.alloc(64 << 20));
               setImmediate(() => client.destroy());
             });
             client.on('close', () => { console.log('closed'); server.close(); for (const s of peers) s.destroy(); });
           });`,
        ));

      it('when a socket is destroyed with a shutdown waiting after them', () =>
        says(
          'closed\n',
          `const peers = [];
           const server = net.createServer((s) => { peers.push(s.pause().on('error', () => {})); });
           server.listen(0, '127.0.0.1', () => {
             const client = net.connect(server.address().port, '127.0.0.1', () => {
               client.end(Buffer.alloc(64 << 20));
               setImmediate(() => setImmediate(() => client.destroy()));
             });
             client.on('error', () => {});
             client.on('close', () => { console.log('closed'); server.close(); for (const s of peers) s.destroy(); });
           });`,
        ));

      it('when a socket is destroyed while it connects', () =>
        says(
          'closed\n',
          `const client = net.connect(9, '192.0.2.1').on('error', () => {});
           client.on('close', () => console.log('closed'));
           setTimeout(() => client.destroy(), 20);`,
        ));
    });

    describe('process.exit delivers what was written', () => {
      const moments = {
        'in a handler': "s.write('last words'); process.exit();",
        'in a handler, after a second write': "s.write('last '); s.write('words'); process.exit();",
        'in a tick of a handler':
          "s.write('last '); process.nextTick(() => { s.write('words'); process.exit(); });",
        'in a promise of a handler':
          "s.write('last '); Promise.resolve().then(() => { s.write('words'); process.exit(); });",
        'in a timer': "setTimeout(() => { s.write('last words'); process.exit(); }, 5);",
        'in an immediate': "setImmediate(() => { s.write('last words'); process.exit(); });",
        "on 'exit'": "process.on('exit', () => s.write('last words')); process.exit();",
        'with an error that nobody catches':
          "s.write('last words'); process.exitCode = 0; throw Object.assign(new Error('x'), { stack: '' });",
      };
      for (const [title, body] of Object.entries(moments)) {
        it(title, async () => {
          const results = await new Promise((resolve, reject) => {
            const net = require('node:net');
            let received = '';
            const server = net.createServer((socket) => {
              socket.on('error', () => {}).on('data', (chunk) => (received += chunk));
              socket.on('end', () => socket.end()).write('go');
              server.close(() => resolve(ended.then(() => received)));
            });
            let ended;
            server.listen(0, '127.0.0.1', () => {
              ended = run({
                source: withNet(
                  transport,
                  `const s = net.connect(${server.address().port}, '127.0.0.1'); s.once('data', () => { ${body} });`,
                ),
              });
              ended.catch(reject);
            });
          });
          assert.equal(results, 'last words');
        });
      }
    });

    it('a write in a handler that throws leaves all the same', () =>
      says(
        'caught: of ours, received: what was written\n',
        `process.on('uncaughtException', (error) => { caught = error.message; });
         let caught;
         const server = net.createServer((s) => {
           s.once('data', () => { s.write('what '); s.end('was written'); throw new Error('of ours'); });
         }).listen(0, '127.0.0.1', () => {
           const client = net.connect(server.address().port, '127.0.0.1', () => client.write('x'));
           let received = '';
           client.on('data', (chunk) => (received += chunk));
           client.on('end', () => { console.log('caught: ' + caught + ', received: ' + received); server.close(); });
         });`,
      ));

    it('a server that is closed in its first connection gets no second one', () =>
      says(
        'connections: 1\n',
        `${PEERS}
         let connections = 0;
         const server = net.createServer((s) => {
           connections++;
           s.on('error', () => {}).resume();
           server.close();
         }).listen(0, '127.0.0.1', () => {
           meanwhile(server.address().port, (net, port, done) => {
             let connected = 0;
             for (let n = 0; n < 8; n++) {
               net.connect(port, '127.0.0.1', () => {
                 if (++connected < 8) return;
                 done();
                 setTimeout(() => process.exit(), 200);
               }).on('error', () => {}).resume();
             }
           });
           process.on('exit', () => console.log('connections: ' + connections));
         });`,
      ));

    // Both connections' bytes are there in one batch. The first one's handler connects the second socket anew: what
    // came over its former connection must not come out of the new one.
    it('a socket that was connected anew gets nothing of its former connection', () =>
      says(
        'received: new\n',
        `${PEERS}
         let received = '';
         let second;
         const server = net.createServer((s) => { s.on('error', () => {}).end('new'); }).listen(0, '127.0.0.1', () => {
           const old = net.createServer().listen(0, '127.0.0.1', () => {
             const sockets = [];
             old.on('connection', (s) => { sockets.push(s.on('error', () => {})); });
             const trigger = net.connect(old.address().port, '127.0.0.1');
             second = net.connect(old.address().port, '127.0.0.1');
             let renewed = false;
             const renew = () => {
               if (renewed) return;
               renewed = true;
               received = ''; // what came before was its own
               second.destroy();
               second.connect(server.address().port, '127.0.0.1');
             };
             trigger.on('data', renew);
             second.on('data', (chunk) => {
               received += chunk;
               if (!received.endsWith('new')) return;
               console.log('received: ' + received);
               server.close(); old.close(); trigger.destroy(); second.destroy();
             });
             const ready = setInterval(() => {
               if (sockets.length < 2) return;
               clearInterval(ready);
               setImmediate(() => {
                 const [go, stale] = sockets[0].remotePort === trigger.localPort ? sockets : [...sockets].reverse();
                 go.end('go');
                 stale.end('stale');
               });
             }, 1);
           });
         });`,
      ));

    it("handlers of 'timeout' that write do not multiply the timers", () =>
      says(
        'timers: few\n',
        `const { createHook } = require('node:async_hooks');
         let timers = 0;
         createHook({ init(id, type) { if (type === 'Timeout') timers++; } }).enable();
         const server = net.createServer((s) => s.resume()).listen(0, '127.0.0.1', () => {
           let rounds = 0;
           const clients = Array.from({ length: 3 }, (_, n) => {
             const client = net.connect(server.address().port, '127.0.0.1');
             // The same time for all of them, a little apart.
             setTimeout(() => client.setTimeout(25), n * 8);
             client.on('timeout', () => {
               client.write('still there');
               if (++rounds < 120) return;
               for (const other of clients) other.destroy();
               server.close();
               // node:net makes one for each socket and time at most.
               console.log('timers: ' + (timers <= 2 * rounds + 10 ? 'few' : timers));
             });
             return client;
           });
         });`,
      ));

    describe('re-entrancy', () => {
      it("a 'data' handler that destroys the other sockets of its batch is the last to run", () =>
        says(
          'received: 1, closed: 7\n',
          `${PEERS}
           let received = 0;
           let closed = 0;
           const sockets = [];
           const server = net.createServer((s) => {
             sockets.push(s);
             s.on('error', () => {}).on('close', () => {
               if (++closed !== 7) return;
               console.log('received: ' + received + ', closed: ' + closed);
               server.close();
               sockets.at(keep).destroy();
             });
             s.on('data', () => {
               received++;
               keep = sockets.indexOf(s);
               for (const other of sockets) if (other !== s) other.destroy();
             });
           }).listen(0, '127.0.0.1');
           let keep = -1;
           server.on('listening', () => {
             const { port } = server.address();
             const shared = new Int32Array(new SharedArrayBuffer(8));
             new Worker(\`
               const net = require('node:net');
               const { port, shared } = require('node:worker_threads').workerData;
               let connected = 0;
               const clients = Array.from({ length: 8 }, () => net.connect(port, '127.0.0.1', () => connected++).on('error', () => {}).resume());
               const timer = setInterval(() => {
                 if (connected < 8 || Atomics.load(shared, 0) === 0) return;
                 clearInterval(timer);
                 let written = 0;
                 for (const client of clients) {
                   client.write('x', () => { if (++written === 8) { Atomics.store(shared, 1, 1); Atomics.notify(shared, 1); } });
                 }
               }, 1);\`, { eval: true, workerData: { port, shared } });
             const ready = setInterval(() => {
               if (sockets.length < 8) return;
               clearInterval(ready);
               // Asleep until all of them have written.
               Atomics.store(shared, 0, 1);
               Atomics.wait(shared, 1, 0, 30000);
             }, 1);
           });`,
        ));

      it("a socket connects again in its 'close' handler, twenty times", () =>
        says(
          'connections: 20\n',
          `let connections = 0;
           const server = net.createServer((s) => s.on('error', () => {}).end('x')).listen(0, '127.0.0.1', () => {
             const { port } = server.address();
             const client = new net.Socket();
             client.resume();
             client.on('close', () => {
               if (++connections < 20) client.connect(port, '127.0.0.1');
               else server.close(() => console.log('connections: ' + connections));
             });
             client.connect(port, '127.0.0.1');
           });`,
        ));

      it("a server listens on its port again in its 'close' handler, twenty times", async () =>
        says(
          'times: 20\n',
          `let times = 0;
           const port = ${await freePort(net)};
           const server = net.createServer((s) => s.on('error', () => {}).end('x'));
           server.on('close', () => {
             if (++times < 20) server.listen(port, '127.0.0.1');
             else console.log('times: ' + times);
           });
           server.on('listening', () => {
             net.connect(port, '127.0.0.1').resume().on('close', () => server.close());
           });
           server.listen(port, '127.0.0.1');`,
        ));

      it("an 'end' handler destroys its own socket and another one, and writes to both", () =>
        says(
          'closed: 3\n',
          `let closed = 0;
           const count = () => { if (++closed === 3) { console.log('closed: ' + closed); server.close(); } };
           let a;
           const server = net.createServer((s) => {
             s.on('error', () => {}).on('close', count).resume();
             if (a === undefined) { a = s; return; }
             s.on('end', () => { a.destroy(); s.destroy(); a.write('x'); s.write('x'); });
           }).listen(0, '127.0.0.1', () => {
             const { port } = server.address();
             net.connect(port, '127.0.0.1', () => {
               net.connect(port, '127.0.0.1', function () { this.end('bye'); }).on('error', () => {}).resume();
             }).on('error', () => {}).on('close', count).resume();
           });`,
        ));
    });

    it('onread: what a pause has held back waits for the next resume, piece by piece, and the end after it', () =>
      says(
        '0123 resume 4567 resume 89 resume end\n',
        `const server = net.createServer((s) => s.on('error', () => {}).end('0123456789')).listen(0, '127.0.0.1', () => {
           const received = [];
           const client = net.connect({
             port: server.address().port,
             host: '127.0.0.1',
             onread: {
               buffer: Buffer.alloc(4),
               callback(length, buffer) {
                 received.push(buffer.toString('latin1', 0, length));
                 setTimeout(() => { received.push('resume'); client.resume(); }, 10);
                 return false;
               },
             },
           });
           client.on('end', () => received.push('end'));
           client.on('close', () => { console.log(received.join(' ')); server.close(); });
         });`,
      ));

    it('onread: a callback that throws costs no byte after it', () =>
      says(
        '0123456789, caught: 3\n',
        `let caught = 0;
         process.on('uncaughtException', () => caught++);
         const server = net.createServer((s) => s.on('error', () => {}).end('0123456789')).listen(0, '127.0.0.1', () => {
           let received = '';
           const client = net.connect({
             port: server.address().port,
             host: '127.0.0.1',
             onread: {
               buffer: Buffer.alloc(4),
               callback(length, buffer) {
                 received += buffer.toString('latin1', 0, length);
                 throw new Error('of ours');
               },
             },
           });
           client.on('close', () => { console.log(received + ', caught: ' + caught); server.close(); });
         });`,
      ));

    it('what a slow reader has not taken waits in the stream, not beside it', () =>
      says(
        'bounded: true, whole: true\n',
        `let client;
         const server = net.createServer({ pauseOnConnect: true }, (s) => {
           // Under Wine, node:net cannot send more than 1024 buffers at once.
           const COUNT = ${transport.ours ? 20000 : 800};
           const message = Buffer.alloc(${transport.ours ? 1000 : 25000}, 'm');
           // No heed of what write() says.
           for (let n = 0; n < COUNT; n++) client.write(message);
           const all = COUNT * message.length;
           setTimeout(() => {
             // What the stream does not count any more, the kernel has, but for a few small writes of one batch.
             const gone = all - client.writableLength;
             const bounded = gone < 12 << 20 && client.bytesWritten === all;
             let received = 0;
             s.on('data', (chunk) => (received += chunk.length));
             s.on('end', () => { console.log('bounded: ' + bounded + ', whole: ' + (received === all)); s.end(); server.close(); });
             s.resume();
             client.end();
           }, 50);
         }).listen(0, '127.0.0.1', () => {
           client = net.connect(server.address().port, '127.0.0.1');
         });`,
      ));

    it('no wake-up is lost: two threads that answer each other at odd moments', () =>
      says(
        'rounds: 3000\n',
        `const { Worker } = require('node:worker_threads');
         const ROUNDS = 3000;
         const worker = new Worker(\`
           const net = require('node:net');
           const { parentPort } = require('node:worker_threads');
           // Spins a little, never the same, so that its answer finds the other side at every moment of falling asleep.
           let state = 1;
           const odd = () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state; };
           net.createServer((s) => {
             s.setNoDelay().on('error', () => {}).on('data', (chunk) => {
               for (let spin = odd() >>> 16; spin > 0; spin--) state ^= spin;
               s.write(chunk);
             }).on('end', () => process.exit());
           }).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });\`, { eval: true });
         worker.once('message', (port) => {
           let rounds = 0;
           const client = net.connect(port, '127.0.0.1', () => client.write('x'));
           client.on('data', () => {
             if (++rounds === ROUNDS) {
               console.log('rounds: ' + rounds);
               clearInterval(detector);
               client.end();
               return;
             }
             // From the handler, a tick, a promise, an immediate, a timer: every place to submit from.
             const next = () => client.write('x');
             if (rounds % 50 === 0) setTimeout(next, 1);
             else if (rounds % 7 === 0) setImmediate(next);
             else if (rounds % 5 === 0) process.nextTick(next);
             else if (rounds % 3 === 0) Promise.resolve().then(next);
             else next();
           });
           // Nothing else turns the loop but a watch that looks whether anything has moved at all.
           let seen = -1;
           const detector = setInterval(() => {
             if (rounds === seen) { console.log('stalled after ' + rounds); process.exit(); }
             seen = rounds;
           }, 10000);
         });`,
      ));

    if (process.platform === 'linux') {
      it('a socket that is destroyed with data unread resets the connection', () =>
        says(
          'ECONNRESET\n',
          `let left = 2; // until it is accepted and has been sent to
           let accepted;
           const ready = () => { if (--left === 0) setTimeout(() => accepted.destroy(), 50); };
           const server = net.createServer({ pauseOnConnect: true }, (s) => {
             accepted = s;
             ready();
           }).listen(0, '127.0.0.1', () => {
             const client = net.connect(server.address().port, '127.0.0.1', () => client.write('unread', ready));
             client.on('error', (error) => console.log(error.code)).on('end', () => console.log('end')).resume();
             client.on('close', () => server.close());
           });`,
        ));

      it('a process without a descriptor left closes who waits, and serves again when it has some', async () => {
        const netOfThisProcess = require('node:net');
        // Both limits: Node raises the soft one to the hard one.
        const source = withNet(
          transport,
          `const fs = require('node:fs');
           const server = net.createServer((s) => s.on('error', () => {}).end('served')).listen(0, '127.0.0.1', () => {
             const taken = [];
             try { for (;;) taken.push(fs.openSync('/dev/null')); } catch (error) { if (error.code !== 'EMFILE') throw error; }
             process.stdout.write(server.address().port + '\\n');
             process.stdin.once('data', () => {
               for (const fd of taken.splice(0)) fs.closeSync(fd);
               process.stdout.write('free\\n');
             });
             process.stdin.once('end', () => server.close());
           });`,
        );
        const { spawn } = require('node:child_process');
        const { packageRoot } = require('../support/transports.js');
        const { when } = require('../support/sockets.js');
        const child = spawn('/bin/sh', ['-c', 'ulimit -n 60; exec "$0" -e "$1"', process.execPath, source], {
          cwd: packageRoot,
          stdio: ['pipe', 'pipe', 'pipe'],
        });
        let stderr = '';
        child.stderr.on('data', (text) => (stderr += text));
        const ended = when(child, 'close', 60_000);
        const [printed] = await when(child.stdout, 'data');
        const port = Number(printed);
        const CLIENTS = 5;
        const answers = [];
        const clients = Array.from({ length: CLIENTS }, () => {
          const client = netOfThisProcess.connect(port, '127.0.0.1').on('error', () => {});
          client.on('data', (text) => answers.push(String(text)));
          return client;
        });
        // They are accepted and closed at once, by a descriptor in reserve.
        await Promise.all(clients.map((client) => when(client, 'close', 30_000)));
        assert.deepEqual(answers, []);
        const freed = when(child.stdout, 'data');
        child.stdin.write('x');
        await freed;
        const late = netOfThisProcess.connect(port, '127.0.0.1');
        const [text] = await when(late, 'data');
        assert.equal(String(text), 'served');
        await when(late, 'close');
        child.stdin.end();
        const [code] = await ended;
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      });
    }
  });
}
