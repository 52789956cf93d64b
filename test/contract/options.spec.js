'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const {
  when,
  pair,
  listening,
  close,
  closed,
  noteClose,
  collect,
  nodeMajor,
} = require('../support/sockets.js');

contract('socket options', ({ net, it }) => {
  it('noDelay and keepAlive are taken everywhere and disturb nothing', async () => {
    for (const options of [
      { noDelay: true },
      { noDelay: false },
      { keepAlive: true },
      { keepAlive: true, keepAliveInitialDelay: 2000 },
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: -1 },
    ]) {
      const { client, accepted, finish } = await pair(net, { client: options, server: options });
      client.setNoDelay(!options.noDelay).setKeepAlive(!options.keepAlive, 1000);
      accepted.setNoDelay().setKeepAlive();
      const received = collect(accepted);
      client.write('a');
      client.setNoDelay(true);
      client.end('b');
      assert.equal(String(await received), 'ab');
      await finish();
    }
  });

  it('setKeepAlive takes interval and count, and an object, from Node 24 on', async () => {
    const { client, finish } = await pair(net);
    assert.equal(client.setKeepAlive(true, 1000, 2000, 3), client);
    if (nodeMajor >= 24) {
      assert.equal(
        client.setKeepAlive({ enable: true, initialDelay: 1000, interval: 1000, count: 5 }),
        client,
      );
    }
    await finish();
  });

  it('after close the setters do nothing and do not throw', async () => {
    const { client, finish } = await pair(net);
    await finish();
    assert.equal(client.setNoDelay(true), client);
    assert.equal(client.setKeepAlive(true, 1000), client);
    assert.equal(client.setTimeout(0), client);
    if (nodeMajor >= 24) assert.equal(client.setTypeOfService(4), client);
  });

  it('highWaterMark of the server is that of its sockets', async () => {
    const { accepted, finish } = await pair(net, { server: { highWaterMark: 321 } });
    assert.equal(accepted.readableHighWaterMark, 321);
    assert.equal(accepted.writableHighWaterMark, 321);
    await finish();
  });
});

differential('socket options', ({ same }) => {
  same('of connect that become options of the socket', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end());
    for (const options of [
      { allowHalfOpen: true },
      { highWaterMark: 100 },
      { timeout: 5000 },
      { timeout: 0 },
      { encoding: 'hex' },
      { readable: false },
      { writable: false },
      { defaultEncoding: 'latin1' },
    ]) {
      const client = noteClose(net.connect({ port: server.address().port, host: '127.0.0.1', ...options }));
      trace.push(
        JSON.stringify(options),
        client.allowHalfOpen,
        client.readableHighWaterMark,
        client.timeout,
        client.readableEncoding,
        client.readable,
        client.writable,
      );
      await when(client, 'connect');
      trace.push('connected', client.readyState, client.readable, client.writable);
      client.destroy();
      await closed(client);
    }
    await close(server);
  });

  same('a socket that shall not be read: readable false', async (net, trace) => {
    const server = await listening(net, {}, (s) => {
      s.on('error', () => {});
      s.write('nobody reads this');
      s.on('data', (chunk) => trace.push('s.data', String(chunk))).on('end', () => s.end());
    });
    const client = noteClose(new net.Socket({ readable: false }));
    trace.watch('C', client, ['connect', 'data', 'end', 'finish', 'error', 'close']);
    client.connect(server.address().port, '127.0.0.1');
    client.end('one way');
    await closed(client);
    trace.push('read', client.bytesRead);
    await close(server);
    return trace.lanes();
  });

  same('a socket that shall not be written: writable false', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.on('error', () => {}).end('from the server'));
    const client = noteClose(new net.Socket({ writable: false }));
    trace.watch('C', client, ['connect', 'data', 'end', 'finish', 'error', 'close']);
    client.connect(server.address().port, '127.0.0.1');
    await closed(client);
    await close(server);
  });

  same('of the server that its sockets take over', async (net, trace) => {
    for (const options of [
      {},
      { allowHalfOpen: true },
      { pauseOnConnect: true },
      { noDelay: true },
      { keepAlive: true, keepAliveInitialDelay: 3000 },
      { highWaterMark: 0 },
    ]) {
      const { accepted, client, finish } = await pair(net, { server: options });
      trace.push(
        JSON.stringify(options),
        accepted.allowHalfOpen,
        accepted.isPaused(),
        accepted.readableFlowing,
        accepted.readableHighWaterMark,
        accepted.timeout,
        accepted.connecting,
        accepted.readyState,
        client.allowHalfOpen,
      );
      await finish();
    }
  });

  same('pauseOnConnect: nothing is read until resume', async (net, trace) => {
    const { accepted, client, finish } = await pair(net, { server: { pauseOnConnect: true } });
    client.end('waiting');
    await when(client, 'finish');
    trace.push('before', accepted.bytesRead, accepted.readableLength, accepted.isPaused());
    trace.watch('s', accepted, ['data', 'end', 'close']);
    accepted.resume();
    await closed(accepted);
    await finish();
  });
});
