// How a server ends: close(), its order against the connections, ref/unref, getConnections.

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { orderOf } = require('../support/trace.js');
const { inChild } = require('../support/child.js');
const {
  when,
  until,
  turn,
  turns,
  listening,
  close,
  closed,
  noteClose,
  deferred,
  within,
  pair,
  freePort,
} = require('../support/sockets.js');

contract('server.close', ({ net, it }) => {
  it('returns the server, is over at once for the caller, and says so later', async () => {
    const server = await listening(net);
    const order = [];
    server.on('close', (...args) => order.push(['close', ...args]));
    assert.equal(
      server.close(function (...args) {
        order.push(['callback', this === server, ...args]);
      }),
      server,
    );
    assert.equal(server.listening, false);
    assert.equal(server.address(), null);
    assert.deepEqual(order, []);
    await until(() => order.length === 2, 'both');
    assert.deepEqual(order, [['close'], ['callback', true]]);
  });

  it('gives ERR_SERVER_NOT_RUNNING to the callback of a server that never listened, and still emits close', async () => {
    const server = net.createServer();
    let events = 0;
    server.on('close', () => events++);
    const result = deferred();
    server.close(result.resolve);
    const error = await within(result.promise, 'the callback');
    assert.deepEqual(
      [error.name, error.code, error.message],
      ['Error', 'ERR_SERVER_NOT_RUNNING', 'Server is not running.'],
    );
    await turns(2);
    assert.equal(events, 1);
  });

  it('refuses new connections from the call on', async () => {
    const server = await listening(net, {}, () => assert.fail('a connection'));
    const { port } = server.address();
    server.close();
    const client = net.connect(port, '127.0.0.1');
    const [error] = await when(client, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
  });

  it('waits for the last connection', async () => {
    const { server, client, accepted } = await pair(net);
    let over = false;
    server.on('close', () => (over = true));
    server.close();
    await turns(10);
    assert.equal(over, false);
    accepted.resume();
    client.resume();
    client.write('still carried');
    await until(() => accepted.bytesRead === 13, 'the bytes');
    assert.equal(over, false);
    client.end();
    await Promise.all([closed(client), closed(accepted), when(server, 'close')]);
  });

  it('leaves its connections alone', async () => {
    const { server, client, accepted } = await pair(net);
    server.close();
    await turns(5);
    assert.deepEqual([client.readyState, accepted.readyState], ['open', 'open']);
    assert.equal(accepted.server, server);
    const echoed = when(client, 'data');
    accepted.pipe(accepted);
    client.write('ping');
    assert.equal(String((await echoed)[0]), 'ping');
    const over = when(server, 'close');
    client.end();
    client.resume();
    await over;
    await Promise.all([closed(client), closed(accepted)]);
  });

  it('can be called from the connection listener', async () => {
    const server = net.createServer((socket) => {
      server.close();
      socket.end('bye');
    });
    server.listen(0, '127.0.0.1');
    await when(server, 'listening');
    const over = when(server, 'close');
    const client = net.connect(server.address().port, '127.0.0.1');
    const [bytes] = await when(client, 'data');
    assert.equal(String(bytes), 'bye');
    await Promise.all([over, when(client, 'close')]);
  });

  it("can be called from the 'listening' listener", async () => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1', () => server.close());
    await when(server, 'close');
    assert.equal(server.listening, false);
  });

  it('disposes of itself asynchronously', async () => {
    const dispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');
    const server = net.createServer();
    let events = 0;
    server.on('close', () => events++);
    assert.equal(await server[dispose](), undefined);
    assert.equal(events, 0);
    server.listen(0, '127.0.0.1');
    await when(server, 'listening');
    const disposal = server[dispose]();
    assert.ok(disposal instanceof Promise);
    assert.equal(await disposal, undefined);
    assert.equal(events, 1);
    assert.equal(server.listening, false);
    assert.equal(await server[dispose](), undefined);
    assert.equal(events, 1);
  });

  it('gives the port back', async () => {
    const port = await freePort(net);
    const server = await listening(net, {}, undefined, { port, host: '127.0.0.1' });
    await close(server);
  });

  it('closes what has connected but was not accepted yet', async () => {
    const server = await listening(net);
    let accepted = 0;
    server.on('connection', (socket) => {
      accepted++;
      socket.destroy();
    });
    // Both ends live in this loop: the kernel completes these handshakes before the server gets its turn.
    const clients = Array.from({ length: 5 }, () => net.connect(server.address().port, '127.0.0.1'));
    for (const client of clients) client.on('error', () => {}).resume();
    const over = Promise.all([...clients, server].map((one) => when(one, 'close')));
    await turn();
    server.close();
    await over;
    assert.ok(accepted <= clients.length);
    assert.equal(server._connections, 0);
  });
});

differential('server.close: order', ({ same }) => {
  const SOCKET = ['data', 'end', 'prefinish', 'finish', 'close'];

  same('close twice', async (net, trace) => {
    const server = await listening(net);
    trace.watch('S', server, ['close']);
    server.close((error) => trace.push('first', error));
    server.close((error) => trace.push('second', error));
    trace.push('sync');
    await when(server, 'close');
    await turns(3);
  });

  same('close against ticks and immediates', async (net, trace) => {
    const server = await listening(net);
    trace.watch('S', server, ['close']);
    process.nextTick(() => trace.push('tick before'));
    setImmediate(() => trace.push('immediate'));
    server.close();
    process.nextTick(() => trace.push('tick after'));
    Promise.resolve().then(() => trace.push('microtask'));
    trace.push('sync');
    await turns(3);
  });

  same('listen and close in one turn', async (net, trace) => {
    const server = net.createServer();
    trace.watch('S', server, ['listening', 'close']);
    server.listen(0, () => trace.push('callback of listen'));
    server.close((error) => trace.push('callback of close', error));
    trace.push('sync', server.listening);
    await turns(3);
    server.removeAllListeners('listening');
    trace.push(server.listenerCount('listening'));
  });

  same('the last connection ends', async (net, trace) => {
    const { server, client, accepted } = await pair(net);
    trace.watch('S', server, ['close']);
    trace.watch('s', accepted, SOCKET);
    trace.watch('C', client, SOCKET);
    server.close(() => trace.push('callback'));
    await turns(3);
    trace.push('now the client ends');
    client.end('last words');
    await Promise.all([closed(client), closed(accepted)]);
    return orderOf(trace);
  });

  same('the last connection is destroyed, then close', async (net, trace) => {
    const { server, client, accepted } = await pair(net);
    trace.watch('S', server, ['close']);
    trace.watch('s', accepted, ['close']);
    client.resume();
    accepted.destroy();
    trace.push('connections', server._connections);
    server.close(() => trace.push('callback'));
    trace.push('sync');
    await Promise.all([closed(client), closed(accepted)]);
  });

  same('close, then the last connection is destroyed in the same turn', async (net, trace) => {
    const { server, client, accepted } = await pair(net);
    trace.watch('S', server, ['close']);
    trace.watch('s', accepted, ['close']);
    client.resume();
    server.close(() => trace.push('callback'));
    accepted.destroy();
    trace.push('sync', server._connections);
    await Promise.all([closed(client), closed(accepted)]);
  });

  same('destroy by an error of the accepted end', async (net, trace) => {
    const { server, client, accepted } = await pair(net);
    trace.watch('S', server, ['close', 'error']);
    trace.watch('s', accepted, ['error', 'close']);
    client.resume();
    server.close();
    accepted.destroy(new Error('of ours'));
    await Promise.all([closed(client), closed(accepted)]);
    await turns(2);
  });
});

contract('server.getConnections', ({ net, it }) => {
  const count = (server) => new Promise((resolve) => server.getConnections((...args) => resolve(args)));

  it('counts what is accepted and not yet destroyed, later than its call', async () => {
    const server = await listening(net);
    let sync = true;
    const first = new Promise((resolve) => {
      assert.equal(
        server.getConnections((error, n) => resolve([error, n, sync])),
        server,
      );
    });
    sync = false;
    assert.deepEqual(await first, [null, 0, false]);

    const clients = [];
    const accepted = [];
    server.on('connection', (socket) => accepted.push(noteClose(socket)));
    for (let n = 1; n <= 3; n++) {
      clients.push(noteClose(net.connect(server.address().port, '127.0.0.1')).resume());
      await until(() => accepted.length === n, 'a connection');
      assert.deepEqual(await count(server), [null, n]);
    }
    accepted[0].destroy();
    assert.deepEqual(await count(server), [null, 2]);
    assert.equal(server._connections, 2);
    server.close();
    assert.deepEqual(await count(server), [null, 2]);
    for (const socket of accepted) socket.destroy();
    assert.deepEqual(await count(server), [null, 0]);
    await Promise.all([...clients, ...accepted].map(closed));
  });

  it('answers on a server that does not listen', async () => {
    assert.deepEqual(await count(net.createServer()), [null, 0]);
  });
});

contract('server.ref and unref', ({ net, it, transport }) => {
  it('return the server', async () => {
    const server = net.createServer();
    assert.equal(server.unref(), server);
    assert.equal(server.ref(), server);
    server.listen(0);
    assert.equal(server.unref(), server);
    assert.equal(server.ref(), server);
    await close(server);
    assert.equal(server.ref(), server);
    assert.equal(server.unref(), server);
  });

  /** A child that must end by itself (or be ended by its own deadline, exit code 7). */
  async function child(fn, execArgv) {
    const result = await inChild(transport, fn, { execArgv });
    assert.equal(result.stderr, '');
    return { code: result.code, reports: result.reports };
  }

  it('a server that listens keeps the process', async () => {
    const result = await child((net_, report) => {
      const server = net_.createServer().listen(0, '127.0.0.1');
      setTimeout(() => {
        report('kept');
        server.close();
      }, 100).unref();
    });
    assert.deepEqual(result, { code: 0, reports: ['kept'] });
  });

  it("a server that is unref'd lets the process go", async () => {
    const result = await child((net_, report) => {
      const server = net_.createServer().listen(0, '127.0.0.1', () => {
        report('listening');
        server.unref();
        setTimeout(() => process.exit(7), 20_000).unref();
      });
      process.on('exit', () => report(server.listening));
    });
    assert.deepEqual(result, { code: 0, reports: ['listening', true] });
  });

  it('unref before listen is remembered', async () => {
    const result = await child((net_, report) => {
      const server = net_.createServer().unref().listen(0);
      process.on('exit', () => report(server.listening));
    });
    assert.deepEqual(result, { code: 0, reports: [true] });
  });

  it('unref is remembered through close and listen', async () => {
    const result = await child((net_, report) => {
      const server = net_.createServer().unref().listen(0);
      server.close(() => {
        report('closed');
        server.listen(0);
        process.on('exit', () => report(server.listening));
      });
    });
    assert.deepEqual(result, { code: 0, reports: ['closed', true] });
  });

  it('ref takes unref back', async () => {
    const result = await child((net_, report) => {
      const server = net_.createServer().unref().listen(0).ref();
      setTimeout(() => {
        report('kept');
        server.close();
      }, 100).unref();
    });
    assert.deepEqual(result, { code: 0, reports: ['kept'] });
  });

  it("a connection keeps the process after its server is unref'd and closed", async () => {
    const result = await child((net_, report) => {
      const server = net_.createServer((socket) => {
        server.close();
        socket.end('x');
        socket.on('close', () => report('accepted closed'));
        socket.resume();
      });
      server.unref().listen(0, () => {
        const client = net_.connect(server.address().port);
        client.on('data', () => {}).on('close', () => report('client closed'));
      });
    });
    assert.equal(result.code, 0);
    assert.deepEqual(result.reports.sort(), ['accepted closed', 'client closed']);
  });

  it("two unref'd ends of a connection let the process go", async () => {
    const result = await child((net_, report) => {
      const server = net_.createServer((socket) => {
        socket.unref();
        socket.on('close', () => report('closed'));
      });
      server.listen(0, '127.0.0.1', () => {
        const client = net_.connect(server.address().port, '127.0.0.1', () => {
          setTimeout(() => {
            server.unref();
            client.unref();
          }, 50);
        });
        client.on('close', () => report('closed'));
      });
    });
    assert.deepEqual(result, { code: 0, reports: [] });
  });

  it("a connection that is unref'd while it connects lets the process go", async () => {
    const result = await child((net_, report) => {
      const server = net_
        .createServer((socket) => socket.unref())
        .listen(0, '127.0.0.1', () => {
          const client = net_.connect(server.address().port, '127.0.0.1');
          client.unref();
          const keep = setInterval(() => {}, 1_000); // nothing of the connection keeps the process until then
          client.on('connect', () => {
            report('connected');
            clearInterval(keep);
          });
          server.unref();
        });
    });
    assert.deepEqual(result, { code: 0, reports: ['connected'] });
  });

  it("a socket that is ref'd again keeps the process", async () => {
    const result = await child((net_, report) => {
      const server = net_
        .createServer((socket) => socket.unref())
        .listen(0, '127.0.0.1', () => {
          const client = net_.connect(server.address().port, '127.0.0.1', () => {
            server.unref();
            client.unref().ref();
            setTimeout(() => {
              report('kept');
              client.destroy();
            }, 100).unref();
          });
        });
    });
    assert.deepEqual(result, { code: 0, reports: ['kept'] });
  });

  it("bytes that are still to be sent keep the process, also on a socket that is unref'd", async () => {
    const size = 16 * 1024 * 1024;
    const server = await listening(transport.net);
    const arrives = when(server, 'connection');
    const ends = sendingChild(server.address().port, size);
    const [accepted] = await arrives;
    accepted.pause();
    await turns(50);
    let received = 0;
    accepted
      .on('error', () => {})
      .on('data', (chunk) => (received += chunk.length))
      .resume();
    const gone = when(accepted, 'close');
    assert.deepEqual(await ends, { code: 0, reports: ['written'] });
    await gone;
    assert.equal(received, size);
    await close(server);

    function sendingChild(port, bytes) {
      return inChild(
        transport,
        (net_, report, target, count) => {
          const client = net_.connect(target, '127.0.0.1', () => {
            client.unref();
            client.write(Buffer.alloc(count), () => report('written'));
          });
        },
        { args: [port, bytes] },
      ).then(({ code, reports }) => ({ code, reports }));
    }
  });

  it("a connection that is being made keeps the process, also when it is unref'd", async () => {
    const server = await listening(transport.net, {}, (socket) => socket.resume());
    const { code, reports } = await inChild(
      transport,
      (net_, report, port) => {
        net_.connect(port, '127.0.0.1', () => report('connected')).unref();
      },
      { args: [server.address().port] },
    );
    assert.deepEqual({ code, reports }, { code: 0, reports: ['connected'] });
    await until(() => server._connections === 0, 'the end of the connection');
    await close(server);
  });
});
