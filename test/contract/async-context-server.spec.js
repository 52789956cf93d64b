'use strict';

// Which AsyncLocalStorage store the callbacks of servers and accepted sockets run in.

const assert = require('node:assert/strict');
const { AsyncLocalStorage, AsyncResource, executionAsyncId } = require('node:async_hooks');
const { contract, differential } = require('../support/contract.js');
const { when, listening, close, closed, noteClose, until, turns } = require('../support/sockets.js');

differential('AsyncLocalStorage: servers', ({ same }) => {
  const note = (trace, storage, label, emitter, events) => {
    for (const event of events) emitter.on(event, () => trace.push(`${label}.${event}`, storage.getStore()));
  };

  for (const host of [undefined, '127.0.0.1', 'localhost']) {
    same(`listening runs in the store of listen() (host ${host})`, async (net, trace) => {
      const storage = new AsyncLocalStorage();
      const server = storage.run('createServer', () => net.createServer());
      storage.run('on', () => note(trace, storage, 'S', server, ['listening']));
      storage.run('listen', () =>
        server.listen({ port: 0, host }, () => trace.push('callback', storage.getStore())),
      );
      await when(server, 'listening');
      await close(server);
      assert.deepEqual(trace.entries, [
        ['S.listening', 'listen'],
        ['callback', 'listen'],
      ]);
    });
  }

  same('connection, and what the accepted socket does', async (net, trace) => {
    const storage = new AsyncLocalStorage();
    const server = net.createServer();
    const seen = [];
    server.on('connection', (socket) => {
      seen.push(['connection', storage.getStore()]);
      for (const event of ['data', 'end', 'prefinish', 'finish', 'close', 'timeout']) {
        socket.on(event, () => seen.push([event, storage.getStore()]));
      }
      storage.run('in the listener', () => {
        socket.write('x', () => seen.push(['callback of write', storage.getStore()]));
        socket.setTimeout(10);
      });
    });
    storage.run('listen', () => server.listen(0, '127.0.0.1'));
    await when(server, 'listening');
    const client = noteClose(
      storage.run('connect', () => net.connect(server.address().port, '127.0.0.1').resume()),
    );
    await until(() => seen.some(([event]) => event === 'timeout'), "'timeout'");
    client.end('bye');
    await closed(client);
    await until(() => seen.some(([event]) => event === 'close'), "'close'");
    await close(server);
    let timeouts = 0;
    for (const [event, store] of seen) {
      // An idle socket times out again and again: how often before the end is up to the clock.
      if (event === 'timeout' && timeouts++ > 0) continue;
      trace.push(event, store);
    }
  });

  same('error of listen', async (net, trace) => {
    const storage = new AsyncLocalStorage();
    const first = await listening(net, {}, undefined, { port: 0 });
    const server = net.createServer();
    note(trace, storage, 'S', server, ['error']);
    storage.run('listen', () => server.listen(first.address().port));
    await when(server, 'error');
    await close(first);
  });

  same('close and getConnections', async (net, trace) => {
    const storage = new AsyncLocalStorage();
    const server = await storage.run('listen', () => listening(net));
    note(trace, storage, 'S', server, ['close']);
    await storage.run(
      'getConnections',
      () =>
        new Promise((resolve) =>
          server.getConnections(() => resolve(trace.push('answer', storage.getStore()))),
        ),
    );
    storage.run('close', () => server.close(() => trace.push('callback', storage.getStore())));
    await when(server, 'close');
  });

  same('close of the server when its last connection goes', async (net, trace) => {
    const storage = new AsyncLocalStorage();
    const server = await storage.run('listen', () => listening(net));
    note(trace, storage, 'S', server, ['close']);
    const arrives = when(server, 'connection');
    const client = noteClose(net.connect(server.address().port, '127.0.0.1').resume());
    const [accepted] = await arrives;
    noteClose(accepted);
    storage.run('close', () => server.close());
    await turns(2);
    note(trace, storage, 's', accepted, ['close']);
    storage.run('destroy', () => accepted.destroy());
    await Promise.all([closed(client), closed(accepted)]);
    await turns(2);
  });

  same('drop', async (net, trace) => {
    const storage = new AsyncLocalStorage();
    const server = net.createServer();
    server.maxConnections = -1;
    note(trace, storage, 'S', server, ['drop']);
    storage.run('listen', () => server.listen(0, '127.0.0.1'));
    await when(server, 'listening');
    const client = storage.run('connect', () => net.connect(server.address().port, '127.0.0.1').resume());
    await when(client, 'close');
    await close(server);
  });

  same('several stores of one batch do not mix', async (net, trace) => {
    const storage = new AsyncLocalStorage();
    const server = await listening(net, {}, (socket) => socket.pipe(socket));
    const clients = [0, 1, 2, 3, 4].map((n) =>
      storage.run(n, () => {
        const client = net.connect(server.address().port, '127.0.0.1');
        client.on('data', () => {
          trace.push(`data of ${n}`, storage.getStore() === n);
          client.end();
        });
        client.write('x');
        return client;
      }),
    );
    await Promise.all(clients.map((client) => when(client, 'close')));
    trace.entries.sort();
    await close(server);
  });
});

contract('async hooks: servers', ({ net, it }) => {
  it('each accepted socket runs its events in an execution context of its own, not that of the loop', async () => {
    const ids = [];
    const server = await listening(net, {}, (socket) => {
      ids.push(executionAsyncId());
      socket.once('data', () => {
        ids.push(executionAsyncId());
        socket.end();
      });
    });
    const client = net.connect(server.address().port, '127.0.0.1').resume();
    client.write('x');
    await when(client, 'close');
    assert.equal(ids.length, 2);
    for (const id of ids) assert.ok(id > 0, String(ids));
    assert.notEqual(ids[0], ids[1]);
    await close(server);
  });

  it('AsyncResource.bind keeps its store through socket events', async () => {
    const storage = new AsyncLocalStorage();
    const server = await listening(net, {}, (socket) => socket.end('x'));
    const client = net.connect(server.address().port, '127.0.0.1');
    const stores = [];
    storage.run('bound', () =>
      client.on(
        'data',
        AsyncResource.bind(() => stores.push(storage.getStore())),
      ),
    );
    await when(client, 'close');
    assert.deepEqual(stores, ['bound']);
    await close(server);
  });
});
