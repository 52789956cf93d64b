'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { attempt } = require('../support/trace.js');
const { when, listening, close, pair, noteClose, closed, turn } = require('../support/sockets.js');

const ENUMERABLE = [
  'bytesRead',
  'bytesWritten',
  '_bytesDispatched',
  'remoteAddress',
  'remoteFamily',
  'remotePort',
  'localAddress',
  'localFamily',
  'localPort',
];
const HIDDEN = ['_connecting', 'pending', 'readyState', 'bufferSize'];

/** All that a program can read of a socket, with random ports named. */
function state(socket, trace) {
  const fields = {};
  for (const key of [
    ...ENUMERABLE,
    ...HIDDEN,
    'connecting',
    'readable',
    'writable',
    'destroyed',
    'closed',
    'errored',
    'readableEnded',
    'writableEnded',
    'writableFinished',
    'allowHalfOpen',
    'timeout',
    '_host',
    '_hadError',
    'writableLength',
    'writableNeedDrain',
    'readableFlowing',
  ]) {
    fields[key] = trace.plain(socket[key]);
  }
  fields.address = trace.plain(attempt(() => socket.address()));
  return fields;
}

contract('Socket properties', ({ net, it }) => {
  it('are getters without setter on the prototype, not configurable, enumerable as in node:net', () => {
    for (const [keys, enumerable] of [
      [ENUMERABLE, true],
      [HIDDEN, false],
    ]) {
      for (const key of keys) {
        const descriptor = Object.getOwnPropertyDescriptor(net.Socket.prototype, key);
        assert.equal(typeof descriptor.get, 'function', key);
        assert.equal(descriptor.set, undefined, key);
        assert.equal(descriptor.enumerable, enumerable, key);
        assert.equal(descriptor.configurable, key === 'pending', key);
      }
    }
  });

  it('cannot be assigned: strict code throws, the value stays', async () => {
    const { client, port, finish } = await pair(net);
    assert.throws(() => (client.remotePort = 1), TypeError);
    assert.throws(() => (client.bytesRead = 1), TypeError);
    assert.equal(client.remotePort, port);
    assert.equal(client.bytesRead, 0);
    await finish();
  });

  it('do not throw on the bare prototype', () => {
    for (const key of [...ENUMERABLE, ...HIDDEN]) {
      if (key === 'readyState' || key === 'bufferSize') continue;
      assert.equal(attempt(() => net.Socket.prototype[key]).threw, undefined, key);
    }
    assert.equal(net.Socket.prototype.bytesWritten, undefined);
  });

  it('name both ends of a connection, crosswise', async () => {
    const { client, accepted, port, finish } = await pair(net);
    assert.equal(client.remoteAddress, '127.0.0.1');
    assert.equal(client.remotePort, port);
    assert.equal(client.remoteFamily, 'IPv4');
    assert.deepEqual(client.address(), { address: '127.0.0.1', family: 'IPv4', port: client.localPort });
    assert.equal(accepted.localPort, port);
    assert.equal(accepted.localFamily, 'IPv4');
    assert.equal(accepted.remotePort, client.localPort);
    assert.equal(accepted.remoteAddress, client.localAddress);
    await finish();
  });

  it('keep the byte counts after close, and forget the addresses', async () => {
    const { client, accepted, finish } = await pair(net);
    client.write('12345');
    accepted.once('data', () => accepted.write('abc'));
    await when(client, 'data');
    await finish();
    assert.equal(client.bytesWritten, 5);
    assert.equal(client.bytesRead, 3);
    assert.equal(accepted.bytesWritten, 3);
    assert.equal(accepted.bytesRead, 5);
    assert.deepEqual(client.address(), {});
    assert.equal(client.localPort, undefined);
    assert.equal(client.bufferSize, undefined);
    assert.equal(client.readyState, 'closed');
    assert.equal(client.pending, true);
  });

  it('of an accepted socket name its server', async () => {
    const { server, accepted, client, finish } = await pair(net);
    assert.equal(accepted.server, server);
    assert.equal(accepted._server, server);
    assert.equal(client.server, null);
    assert.equal(client._server, null);
    await finish();
  });
});

differential('Socket properties', ({ same }) => {
  same('descriptors of all getters', (net) =>
    Object.fromEntries(
      [...ENUMERABLE, ...HIDDEN].map((key) => {
        const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(
          net.Socket.prototype,
          key,
        );
        return [key, [typeof get, typeof set, enumerable, configurable]];
      }),
    ),
  );

  same('values on the bare prototype', (net) =>
    Object.fromEntries(
      [...ENUMERABLE, ...HIDDEN].map((key) => [key, attempt(() => net.Socket.prototype[key])]),
    ),
  );

  same('state of a client at each stage of its life', async (net, trace) => {
    const server = await listening(net, { allowHalfOpen: true });
    trace.alias(server.address().port, 'server');
    const arrives = when(server, 'connection');
    const client = noteClose(new net.Socket());
    trace.push('new', state(client, trace));
    client.connect({ host: '127.0.0.1', port: server.address().port });
    trace.push('connecting', state(client, trace));
    client.write('héllo');
    trace.push('written while connecting', state(client, trace));
    client.on('connect', () => {
      trace.alias(client.localPort, 'client');
      trace.push('connected', state(client, trace));
    });
    const [accepted] = await arrives;
    noteClose(accepted);
    await when(accepted, 'data');
    trace.push('accepted', state(accepted, trace));
    client.end();
    trace.push('end called', state(client, trace));
    await when(accepted, 'end');
    trace.push('accepted saw the end', state(accepted, trace));
    accepted.end('bye');
    client.resume();
    await Promise.all([closed(client), closed(accepted)]);
    trace.push('client closed', state(client, trace));
    trace.push('accepted closed', state(accepted, trace));
    await close(server);
  });

  same('state inside the handlers of the last events', async (net, trace) => {
    const { client, accepted, port, finish } = await pair(net);
    trace.alias(port, 'server').alias(client.localPort, 'client');
    for (const event of ['end', 'finish', 'close']) {
      client.on(event, () => trace.push(`C.${event}`, state(client, trace)));
      accepted.on(event, () => trace.push(`s.${event}`, state(accepted, trace)));
    }
    accepted.resume();
    client.resume();
    client.end('x');
    await Promise.all([closed(client), closed(accepted)]);
    await finish();
    return trace.lanes();
  });

  same('state after destroy, in the same turn and later', async (net, trace) => {
    const { client, accepted, port, finish } = await pair(net);
    trace.alias(port, 'server').alias(client.localPort, 'client');
    accepted.on('error', () => {});
    client.destroy();
    trace.push('at once', state(client, trace));
    await turn();
    trace.push('later', state(client, trace));
    await finish();
  });

  same(
    'a peer name that was read stays readable after close; one that was not does not',
    async (net, trace) => {
      for (const read of [true, false]) {
        const { client, port, finish } = await pair(net);
        trace.alias(port, 'server').alias(client.localPort, 'client');
        if (read) trace.push('open', client.remoteAddress, client.remotePort, client.remoteFamily);
        await finish();
        trace.push(
          'closed',
          client.remoteAddress,
          client.remotePort,
          client.remoteFamily,
          client.localAddress,
        );
      }
    },
  );

  same('addresses over IPv6', async (net, trace) => {
    const server = net.createServer();
    server.listen(0, '::1');
    const failed = await Promise.race([when(server, 'listening').then(() => null), when(server, 'error')]);
    if (failed) return trace.push('no ::1 here', failed[0]);
    const arrives = when(server, 'connection');
    const client = noteClose(net.connect(server.address().port, '::1'));
    await when(client, 'connect');
    const [accepted] = await arrives;
    noteClose(accepted);
    trace.alias(server.address().port, 'server').alias(client.localPort, 'client');
    trace.push('client', state(client, trace)).push('accepted', state(accepted, trace));
    trace.push('server', server.address());
    client.end();
    accepted.resume();
    client.resume();
    await Promise.all([closed(client), closed(accepted)]);
    await close(server);
  });

  same('an IPv4 client at a dual-stack server', async (net, trace) => {
    const server = net.createServer().listen(0);
    await when(server, 'listening');
    const arrives = when(server, 'connection');
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    const [accepted] = await arrives;
    noteClose(accepted);
    trace.alias(server.address().port, 'server').alias(accepted.remotePort, 'client');
    trace.push('server', server.address()).push('accepted', state(accepted, trace));
    client.destroy();
    accepted.on('error', () => {}).destroy();
    await Promise.all([closed(client), closed(accepted)]);
    await close(server);
  });
});
