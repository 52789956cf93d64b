'use strict';

// What keeps a process alive. Each scenario is a process of its own: it must end by itself, or must not.

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { silentServer } = require('../support/silent-server.js');
const { inChild } = require('../support/child.js');

contract(
  'ref and unref',
  ({ it, transport }) => {
    const ends = async (fn, options) => {
      const { code, signal, reports, stderr } = await inChild(transport, fn, options);
      assert.equal(code, 0, stderr);
      assert.equal(signal, null);
      return reports;
    };

    it("a process with nothing but unref'd sockets and servers ends", async () => {
      const reports = await ends((net, report) => {
        const server = net.createServer((s) => s.unref());
        server.listen(0, '127.0.0.1', () => {
          server.unref();
          const client = net.connect(server.address().port, '127.0.0.1', () => {
            client.unref();
            report('connected');
          });
        });
        process.on('exit', () => report('exit'));
      });
      assert.deepEqual(reports, ['connected', 'exit']);
    });

    it('unref before connect is remembered', async () => {
      const reports = await ends((net, report) => {
        const server = net
          .createServer((s) => s.unref())
          .listen(0, '127.0.0.1', () => {
            server.unref();
            const client = new net.Socket();
            client.unref();
            client.connect(server.address().port, '127.0.0.1', () => report('connected'));
          });
      });
      assert.deepEqual(reports, ['connected']);
    });

    it('an open connection keeps the process alive, and ref undoes unref', async () => {
      const reports = await ends((net, report) => {
        const server = net.createServer((s) => {
          s.unref();
          // The answer comes from an unref'd timer: only the client can keep the process waiting for it.
          setTimeout(() => s.end('answer'), 50).unref();
        });
        server.listen(0, '127.0.0.1', () => {
          server.unref();
          const client = net.connect(server.address().port, '127.0.0.1');
          client.unref();
          client.ref();
          client.on('data', (data) => report(String(data)));
        });
      });
      assert.deepEqual(reports, ['answer']);
    });

    it('a connection that is being made keeps the process alive', async () => {
      const reports = await ends((net, report) => {
        const server = net
          .createServer((s) => s.end())
          .listen(0, '127.0.0.1', () => {
            server.unref();
            net.connect(server.address().port, '127.0.0.1', () => report('connect')).resume();
          });
      });
      assert.deepEqual(reports, ['connect']);
    });

    it('an idle timeout alone does not', async () => {
      const reports = await ends((net, report) => {
        new net.Socket().setTimeout(100_000, () => report('never'));
        const server = net
          .createServer((s) => s.unref())
          .listen(0, '127.0.0.1', () => {
            server.unref();
            const client = net.connect(server.address().port, '127.0.0.1', () => client.unref());
            client.setTimeout(100_000, () => report('never'));
          });
      });
      assert.deepEqual(reports, []);
    });

    it('process.exit in the middle of a transfer ends with its code', async () => {
      const { code } = await inChild(transport, (net) => {
        const server = net
          .createServer((s) => s.pipe(s))
          .listen(0, '127.0.0.1', () => {
            const client = net.connect(server.address().port, '127.0.0.1');
            client.write(Buffer.alloc(10_000_000));
            client.once('data', () => process.exit(7));
          });
      });
      assert.equal(code, 7);
    });
  },
  { traffic: false },
); // the traffic is in the children

differential(
  'ref and unref',
  ({ same }) => {
    same('at every stage they return the socket and throw nothing', async (net, trace, transport) => {
      const { code, reports, stderr } = await inChild(transport, (net, report) => {
        const socket = new net.Socket();
        const both = (stage) =>
          report([
            stage,
            socket.unref() === socket,
            socket.ref() === socket,
            socket.listenerCount('connect'),
          ]);
        both('new');
        const server = net
          .createServer((s) => s.end())
          .listen(0, '127.0.0.1', () => {
            socket.connect(server.address().port, '127.0.0.1');
            both('connecting');
            socket.on('connect', () => both('connected'));
            socket.on('close', () => {
              both('closed');
              server.close();
            });
            socket.resume();
          });
      });
      return { code, reports, stderr };
    });

    same('a socket that is paused before it was ever read', async (net, trace, transport) =>
      inChild(transport, (net, report) => {
        const server = net
          .createServer((s) => s.unref())
          .listen(0, '127.0.0.1', () => {
            server.unref();
            const client = net.connect(server.address().port, '127.0.0.1', () => {
              client.pause();
              setTimeout(() => {
                report('still here');
                client.destroy();
              }, 100).unref();
            });
          });
        process.on('exit', () => report('exit'));
      }),
    );

    same('a socket that is paused after it was read', async (net, trace, transport) =>
      inChild(transport, (net, report) => {
        const server = net
          .createServer((s) => s.unref().write('x'))
          .listen(0, '127.0.0.1', () => {
            server.unref();
            const client = net.connect(server.address().port, '127.0.0.1');
            client.once('data', () => {
              client.pause();
              setTimeout(() => {
                report('still here');
                client.destroy();
              }, 100).unref();
            });
          });
        process.on('exit', () => report('exit'));
      }),
    );

    same('a socket whose peer has ended and that is half open', async (net, trace, transport) =>
      inChild(transport, (net, report) => {
        const server = net
          .createServer((s) => s.unref().end('x'))
          .listen(0, '127.0.0.1', () => {
            server.unref();
            const client = net.connect({
              port: server.address().port,
              host: '127.0.0.1',
              allowHalfOpen: true,
            });
            client.resume().on('end', () => {
              report('end');
              setTimeout(() => {
                report('still here');
                client.destroy();
              }, 100).unref();
            });
          });
        process.on('exit', () => report('exit'));
      }),
    );

    if (process.platform === 'linux') {
      same('a connection that is destroyed while nobody answers', async (net, trace, transport) => {
        const silent = await silentServer();
        const result = await inChild(
          transport,
          (net, report, port) => {
            const client = net.connect(port, '127.0.0.1');
            client.on('close', () => report('close'));
            setTimeout(() => client.destroy(), 50);
          },
          { args: [silent.port] },
        );
        await silent.stop();
        return result;
      });
    }

    same('the exit code and what was seen before it', async (net, trace, transport) => {
      const { code, reports } = await inChild(transport, (net, report) => {
        const keep = setInterval(() => {}, 1_000); // until everything that can be seen was seen
        const seen = () => {
          report('data');
          clearInterval(keep);
        };
        const server = net.createServer((s) => s.on('data', seen).unref());
        server.unref();
        server.listen(0, '127.0.0.1', () => {
          report('listening');
          const client = net.connect(server.address().port, '127.0.0.1', () => {
            client.write('x', () => report('written'));
            client.unref();
          });
        });
        process.on('exit', (status) => report(['exit', status]));
      });
      return { code, reports };
    });
  },
  { traffic: false },
);
