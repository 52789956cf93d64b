'use strict';

// A handler that throws: 'uncaughtException' gets the error, and everything else still arrives.

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { inChild } = require('../support/child.js');

contract(
  'exceptions in handlers',
  ({ it, transport }) => {
    it('of one connection do not cost the others a byte', async () => {
      const { code, reports, stderr } = await inChild(transport, (net, report) => {
        const COUNT = 20;
        const SIZE = 100_000;
        let caught = 0;
        process.on('uncaughtException', (error) => {
          if (error.message !== 'from a handler') throw error;
          caught++;
        });
        let received = 0;
        let closed = 0;
        const server = net.createServer((s) => {
          s.on('data', (chunk) => {
            received += chunk.length;
            throw new Error('from a handler');
          });
          s.on('end', () => s.end());
          s.on('close', () => {
            if (++closed === COUNT) server.close();
          });
          throw new Error('from a handler');
        });
        server.on('close', () => report({ received, closed, caught: caught > COUNT }));
        server.listen(0, '127.0.0.1', () => {
          for (let i = 0; i < COUNT; i++) {
            const client = net.connect(server.address().port, '127.0.0.1', () =>
              client.end(Buffer.alloc(SIZE)),
            );
            client.resume().on('finish', () => {
              throw new Error('from a handler');
            });
          }
        });
      });
      assert.equal(code, 0, stderr);
      assert.deepEqual(reports, [{ received: 20 * 100_000, closed: 20, caught: true }]);
    });

    it("are reported in the handler's async context", async () => {
      const { code, reports, stderr } = await inChild(transport, (net, report) => {
        const { AsyncLocalStorage } = require('node:async_hooks');
        const storage = new AsyncLocalStorage();
        const caught = [];
        process.on('uncaughtException', ({ message }) => caught.push(`${message} ${storage.getStore()}`));
        const server = net.createServer((s) => s.on('error', () => {}).resume());
        server.on('close', () => report(caught));
        server.listen(0, '127.0.0.1', () =>
          storage.run('the client', () => {
            const socket = net.connect(server.address().port, '127.0.0.1', () => {
              server.close();
              socket.destroy();
              throw new Error('connect');
            });
          }),
        );
      });
      assert.equal(code, 0, stderr);
      assert.deepEqual(reports, [['connect the client']]);
    });

    it('end the process when nobody catches them', async () => {
      const { code, reports, stderr } = await inChild(transport, (net, report) => {
        const server = net
          .createServer((s) => s.end('x'))
          .listen(0, '127.0.0.1', () => {
            net.connect(server.address().port, '127.0.0.1').on('data', () => {
              report('data');
              throw new Error('nobody catches this');
            });
          });
      });
      assert.notEqual(code, 0);
      assert.deepEqual(reports, ['data']);
      assert.match(stderr, /nobody catches this/);
    });

    it("an 'error' without a listener is thrown with its code", async () => {
      const { code, stderr } = await inChild(transport, (net) => {
        const server = net.createServer().listen(0, '127.0.0.1', () => {
          const { port } = server.address();
          server.close(() => net.connect(port, '127.0.0.1'));
        });
      });
      assert.notEqual(code, 0);
      assert.match(stderr, /ECONNREFUSED/);
    });
  },
  { traffic: false },
);

// Not among them: 'lookup', 'connectionAttempt', 'connect', 'ready' and 'end'. node:net and its streams have work to do after
// emitting these, and an exception leaves the socket half made: never connected, never read, never closed.
const EVENTS = ['data', 'finish', 'drain', 'close', 'timeout', 'error'];

differential(
  'exceptions in handlers',
  ({ same }) => {
    for (const event of EVENTS) {
      same(`one thrown by '${event}': what still follows`, async (net, trace, transport) => {
        const { code, reports, stderr } = await inChild(
          transport,
          (net, report, event) => {
            process.on('uncaughtException', (error, origin) => report(['caught', error.message, origin]));
            const server = net.createServer((s) => {
              s.on('error', () => {});
              s.resume();
              s.on('end', () => s.end('bye'));
            });
            server.listen(0, '127.0.0.1', () => {
              const { port } = server.address();
              const start = () => {
                const client = net.connect({ port, host: '127.0.0.1' });
                for (const name of ['connect', 'ready', 'end', 'finish', 'error', 'close']) {
                  client.on(name, () => report(`C.${name}`));
                }
                client.on('data', () => {});
                client.on('close', () => server.close());
                // Once: where the close takes longer than the timeout it fires again, and a second end('x') is an error.
                if (event === 'timeout') client.once('timeout', () => client.end('x'));
                let thrown = false;
                client.on(event, () => {
                  if (thrown) return;
                  thrown = true;
                  throw new Error(`thrown by ${event}`);
                });
                client.on('connect', () => {
                  if (event === 'timeout') client.setTimeout(10);
                  else if (event === 'drain') {
                    client.prependOnceListener('drain', () => setImmediate(() => client.end('x')));
                    while (client.write(Buffer.alloc(300_000)));
                  } else client.end('x');
                });
              };
              if (event === 'error') server.close(start);
              else start();
            });
          },
          { args: [event] },
        );
        return { code, reports, stderr };
      });
    }

    same(
      'one thrown by a write callback, and a rejected promise in a handler',
      async (net, trace, transport) => {
        const { code, reports } = await inChild(transport, (net, report) => {
          process.on('uncaughtException', (error, origin) => report(['caught', error.message, origin]));
          const server = net.createServer((s) => {
            s.resume();
            s.on('end', () => s.end());
          });
          server.listen(0, '127.0.0.1', () => {
            const client = net.connect(server.address().port, '127.0.0.1', () => {
              client.write('a', () => {
                throw new Error('write callback');
              });
              client.write('b', () => {
                report('second callback');
                client.end(() => report('end callback'));
              });
            });
            client.on('connect', async () => {
              throw new Error('async handler');
            });
            client.resume();
            client.on('close', () => {
              report('close');
              server.close();
            });
          });
        });
        return { code, reports };
      },
    );

    for (const thrown of ['first', 'none']) {
      same(
        `callbacks of writes that a destroy() cancels, thrown by ${thrown}: what still follows`,
        async (net, trace, transport) => {
          const { code, reports, stderr } = await inChild(
            transport,
            (net, report, thrown) => {
              process.on('uncaughtException', (error) => report(['caught', error.message]));
              const server = net.createServer((s) => {
                s.on('error', () => {});
                s.pause();
              });
              server.listen(0, '127.0.0.1', () => {
                const client = net.connect(server.address().port, '127.0.0.1', () => {
                  for (const name of ['first', 'second']) {
                    client.write(Buffer.alloc(32_000_000), (error) => {
                      report([name, error?.code]);
                      if (thrown === name) throw new Error(name);
                      if (thrown === 'none') process.nextTick(() => report(`tick after ${name}`));
                    });
                  }
                  setImmediate(() => client.destroy());
                });
                client.on('error', (error) => report(['error', error.code]));
                client.on('close', (hadError) => {
                  report(['close', hadError]);
                  process.exit();
                });
              });
            },
            { args: [thrown] },
          );
          return { code, reports, stderr };
        },
      );
    }

    same('captureRejections: a rejected handler destroys the socket', async (net, trace, transport) => {
      const { code, reports, stderr } = await inChild(transport, (net, report) => {
        require('node:events').captureRejections = true;
        const server = net.createServer((s) => {
          s.on('error', (error) => report(['s.error', error.message]));
          s.on('close', (hadError) => report(['s.close', hadError]));
          s.on('data', async () => {
            throw new Error('rejected in data');
          });
        });
        server.listen(0, '127.0.0.1', () => {
          const client = net.connect(server.address().port, '127.0.0.1', () => client.write('x'));
          client.on('error', () => {});
          client.on('close', () => server.close());
          client.resume();
        });
      });
      return { code, reports, stderr };
    });
  },
  { traffic: false },
);
