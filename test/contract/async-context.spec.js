'use strict';

// Which store each handler sees. The rule: what a call causes runs in the store of that call.

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks');
const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, closed, noteClose, freePort, turn, listening, close } = require('../support/sockets.js');

const als = new AsyncLocalStorage();
// So that a write does not end at once: how much a system takes of one is its own affair.
const MORE_THAN_A_SYSTEM_TAKES_BYTES = 12_000_000;
const CLIENT = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connect',
  'ready',
  'data',
  'end',
  'finish',
  'drain',
  'timeout',
  'error',
  'close',
];

/** Records the store in each listed event. */
function stores(trace, label, emitter, events) {
  for (const event of events)
    emitter.on(event, () => trace.push(`${label}.${event}`, als.getStore() ?? 'none'));
  return emitter;
}

contract('AsyncLocalStorage', ({ net, it }) => {
  it('two clients made in two stores do not mix them up', async () => {
    const server = await listening(net, {}, (s) => s.pipe(s));
    const wrong = [];
    const clients = ['red', 'green', 'blue'].map((colour) =>
      als.run(colour, () => {
        const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
        for (const event of ['connect', 'ready', 'data', 'end', 'close']) {
          client.on(event, () => als.getStore() !== colour && wrong.push([colour, event, als.getStore()]));
        }
        return client;
      }),
    );
    for (const client of clients) client.write('x'.repeat(100));
    await Promise.all(clients.map((client) => when(client, 'data')));
    for (const client of clients) client.end();
    await Promise.all(clients.map((client) => closed(client)));
    assert.deepEqual(wrong, []);
    await close(server);
  });

  it('await inside a handler keeps the store', async () => {
    const server = await listening(net, {}, (s) => s.end('x'));
    const store = await als.run(
      'mine',
      () =>
        new Promise((resolve) => {
          const client = net.connect(server.address().port, '127.0.0.1', async () => {
            await turn();
            await null;
            resolve(als.getStore());
            client.resume();
          });
        }),
    );
    assert.equal(store, 'mine');
    await close(server);
  });
});

differential('AsyncLocalStorage', ({ same }) => {
  same('in every event of a client and of the socket that was accepted', async (net, trace) => {
    const server = als.run('createServer', () => net.createServer());
    let accepted;
    als.run('on connection', () => {
      server.on('connection', (s) => {
        trace.push('S.connection', als.getStore() ?? 'none');
        accepted = noteClose(s);
        als.run('in connection', () => {
          stores(trace, 's', s, ['data', 'end', 'finish', 'error', 'close']);
          s.write('hello', () => trace.push('s.write callback', als.getStore() ?? 'none'));
        });
      });
    });
    als.run('listen', () => {
      stores(trace, 'S', server, ['listening', 'close']);
      server.listen(0, '127.0.0.1');
    });
    await when(server, 'listening');
    const client = als.run('new Socket', () => noteClose(new net.Socket()));
    als.run('listeners', () => stores(trace, 'C', client, CLIENT));
    als.run('connect', () =>
      client.connect({ port: server.address().port, host: 'localhost', family: 4 }, () =>
        trace.push('C.connect callback', als.getStore() ?? 'none'),
      ),
    );
    await when(client, 'data');
    als.run('write', () =>
      client.write('question', () => trace.push('C.write callback', als.getStore() ?? 'none')),
    );
    await when(accepted, 'data');
    als.run('end', () => client.end(() => trace.push('C.end callback', als.getStore() ?? 'none')));
    await Promise.all([closed(client), closed(accepted)]);
    als.run('close', () => server.close(() => trace.push('S.close callback', als.getStore() ?? 'none')));
    await when(server, 'close');
    return trace.lanes();
  });

  same('of a client that is made and used in one store', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.resume().on('end', () => s.end('bye')));
    await als.run('all', async () => {
      const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
      stores(trace, 'C', client, CLIENT);
      client.end('x');
      await closed(client);
    });
    await close(server);
  });

  same('when connecting fails', async (net, trace) => {
    const port = await freePort(net);
    const client = als.run('new', () => new net.Socket());
    stores(trace, 'C', client, CLIENT);
    als.run('connect', () => client.connect(port, '127.0.0.1'));
    await when(client, 'close');
    const unknown = new net.Socket();
    stores(trace, 'U', unknown, CLIENT);
    als.run('connect', () => unknown.connect({ port: 9, host: 'x.invalid' }));
    await when(unknown, 'close');
  });

  same('with a custom lookup that answers in another store', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end());
    const client = new net.Socket();
    stores(trace, 'C', client, CLIENT);
    als.run('connect', () =>
      client.connect({
        port: server.address().port,
        host: 'x.invalid',
        family: 4,
        lookup: (host, options, callback) => {
          trace.push('lookup function', als.getStore() ?? 'none');
          als.run('answer', () => setImmediate(callback, null, '127.0.0.1', 4));
        },
      }),
    );
    client.resume();
    await when(client, 'close');
    await close(server);
  });

  same('of the idle timeout: the store of setTimeout', async (net, trace) => {
    const server = await listening(net, {}, (s) => {
      noteClose(s).on('error', () => {});
      als.run('accepted setTimeout', () =>
        s.setTimeout(5, () => trace.push('s.timeout', als.getStore() ?? 'none')),
      );
    });
    const arrives = when(server, 'connection');
    const client = als.run('connect', () => noteClose(net.connect(server.address().port, '127.0.0.1')));
    const [accepted] = await arrives;
    await when(accepted, 'timeout');
    als.run('client setTimeout', () =>
      client.setTimeout(5, () => trace.push('C.timeout', als.getStore() ?? 'none')),
    );
    await when(client, 'timeout');
    client.destroy();
    accepted.destroy();
    await Promise.all([closed(client), closed(accepted)]);
    await close(server);
  });

  same('of destroy: error and close', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.on('error', () => {}).resume());
    const client = als.run('connect', () => noteClose(net.connect(server.address().port, '127.0.0.1')));
    await when(client, 'connect');
    stores(trace, 'C', client, ['error', 'close']);
    als.run('destroy', () => client.destroy(new Error('mine')));
    await closed(client);
    await close(server);
  });

  same('of a big write: its callback and drain', async (net, trace) => {
    const server = await listening(net, {}, (s) => noteClose(s.resume()));
    const client = als.run('connect', () => noteClose(net.connect(server.address().port, '127.0.0.1')));
    await when(client, 'connect');
    stores(trace, 'C', client, ['drain', 'finish']);
    const written = [];
    for (const name of ['first', 'second', 'third']) {
      als.run(name, () =>
        client.write(Buffer.alloc(MORE_THAN_A_SYSTEM_TAKES_BYTES), () =>
          written.push(als.getStore() ?? 'none'),
        ),
      );
    }
    await when(client, 'drain');
    als.run('end', () => client.end());
    client.resume();
    await closed(client);
    trace.push('written', written);
    await close(server);
  });

  same('a listener bound with AsyncResource keeps its own', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end('x'));
    const client = als.run('connect', () => net.connect(server.address().port, '127.0.0.1'));
    als.run('bound', () => {
      client.on(
        'data',
        AsyncResource.bind(() => trace.push('data', als.getStore())),
      );
      client.on(
        'end',
        AsyncResource.bind(() => trace.push('end', als.getStore())),
      );
    });
    await when(client, 'close');
    await close(server);
  });
});
