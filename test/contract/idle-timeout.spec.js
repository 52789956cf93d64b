'use strict';

// Idle timeouts. No spec asserts how long anything takes: only what comes first, how often, and what never comes.

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const {
  when,
  pair,
  listening,
  close,
  closed,
  noteClose,
  turn,
  turns,
  until,
} = require('../support/sockets.js');
const { silentServer } = require('../support/silent-server.js');

const SHORT_MS = 20;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

contract('idle timeout', ({ net, it, ours }) => {
  it("emits 'timeout' and leaves the socket open", async () => {
    const { client, accepted, finish } = await pair(net);
    client.setTimeout(SHORT_MS);
    assert.equal(client.timeout, SHORT_MS);
    await when(client, 'timeout');
    assert.equal(client.destroyed, false);
    client.write('still here');
    const [chunk] = await when(accepted, 'data');
    assert.equal(String(chunk), 'still here');
    await finish();
  });

  it('is armed again by traffic after it has fired', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.resume();
    client.setTimeout(SHORT_MS);
    await when(client, 'timeout');
    client.write('x');
    await when(client, 'timeout');
    accepted.write('y');
    client.resume();
    await when(client, 'timeout');
    await finish();
  });

  it('fires once per idle time, not again and again', async () => {
    const { client, finish } = await pair(net);
    let fired = 0;
    client.on('timeout', () => fired++);
    client.setTimeout(1);
    await when(client, 'timeout');
    await pause(50);
    assert.equal(fired, 1);
    await finish();
  });

  it('setTimeout(0) removes it, and the callback with it', async () => {
    const { client, finish } = await pair(net);
    const called = [];
    const callback = () => called.push('callback');
    client.setTimeout(1, callback);
    assert.equal(client.listenerCount('timeout'), 1);
    client.setTimeout(0, callback);
    assert.equal(client.listenerCount('timeout'), 0);
    assert.equal(client.timeout, 0);
    await pause(20);
    assert.deepEqual(called, []);
    await finish();
  });

  it('the callback is called once; a new one does not replace it', async () => {
    const { client, accepted, finish } = await pair(net);
    const called = [];
    client.setTimeout(1, () => called.push('first'));
    client.setTimeout(2, () => called.push('second'));
    await when(client, 'timeout');
    client.write('x');
    accepted.resume();
    await when(client, 'timeout');
    assert.deepEqual(called, ['first', 'second']);
    await finish();
  });

  it('does not fire while data keeps coming', async () => {
    const { client, accepted, finish } = await pair(net);
    const idleMs = 1000;
    let fired = false;
    accepted.setTimeout(idleMs, () => (fired = true));
    const start = Date.now();
    let longest = 0;
    let last = start;
    const note = () => {
      longest = Math.max(longest, Date.now() - last);
      last = Date.now();
    };
    accepted.on('data', note);
    while (Date.now() - start < 1.5 * idleMs) {
      client.write('tick');
      await pause(10);
    }
    await until(() => accepted.bytesRead === client.bytesWritten, 'the last of it');
    note();
    // A machine so busy that ten milliseconds became half the idle time proves nothing either way.
    if (longest < idleMs / 2) assert.equal(fired, false);
    await finish();
  });

  // Under Wine node:net fires all the same: not verified on Windows.
  const seesProgress = ours || process.platform !== 'win32' ? it : () => {};
  seesProgress('does not fire while a big write makes progress', async () => {
    const { client, accepted, finish } = await pair(net);
    const idleMs = 1000;
    // A system has room for more only when a good part of its buffer is free again.
    const stepBytes = 4 * 1024 * 1024;
    let fired = false;
    client.setTimeout(idleMs, () => {
      fired = true;
    });
    // One write, taken by the system piece by piece: the reader stops after each chunk.
    accepted.on('data', () => {
      accepted.pause();
      setTimeout(() => accepted.resume(), 2);
    });
    client.write(Buffer.alloc(96 * 1024 * 1024));
    const start = Date.now();
    let longest = 0;
    let last = start;
    let read = 0;
    while (client.writableLength > 0 && Date.now() - start < 2.5 * idleMs) {
      await pause(5);
      longest = Math.max(longest, Date.now() - last);
      if (accepted.bytesRead - read < stepBytes) continue;
      read = accepted.bytesRead;
      last = Date.now();
    }
    if (longest < idleMs / 2) assert.equal(fired, false);
    await finish();
  });

  it('is gone when the socket is destroyed', async () => {
    const { client, finish } = await pair(net);
    let fired = false;
    client.setTimeout(1, () => (fired = true));
    client.destroy();
    await closed(client);
    await pause(20);
    assert.equal(fired, false);
    await finish();
  });

  it('of the timeout option of connect is set before the connection stands', async () => {
    const server = await listening(net, {}, (s) => s.resume());
    const client = noteClose(
      net.connect({ port: server.address().port, host: '127.0.0.1', timeout: SHORT_MS }),
    );
    assert.equal(client.timeout, SHORT_MS);
    await when(client, 'timeout');
    client.destroy();
    await closed(client);
    await close(server);
  });

  it('of many sockets all fire, with different times', async () => {
    const server = await listening(net, {}, (s) => s.resume());
    const { port } = server.address();
    const clients = Array.from({ length: 40 }, () => noteClose(net.connect(port, '127.0.0.1')));
    await Promise.all(clients.map((client) => when(client, 'connect')));
    await Promise.all(
      clients.map((client, index) => when(client.setTimeout(1 + (index % 7) * 5), 'timeout')),
    );
    for (const client of clients) client.destroy();
    await Promise.all(clients.map((client) => closed(client)));
    await close(server);
  });

  it('of an accepted socket belongs to that socket alone', async () => {
    const { client, accepted, finish } = await pair(net);
    let other = false;
    client.setTimeout(60_000, () => (other = true));
    accepted.setTimeout(1);
    await when(accepted, 'timeout');
    assert.equal(other, false);
    await finish();
  });
});

differential('idle timeout', ({ same }) => {
  same('order of timers that were set in turn', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    client.setTimeout(30, () => trace.push('client'));
    accepted.setTimeout(300, () => trace.push('accepted'));
    trace.push('fields', client.timeout, accepted.timeout);
    await when(accepted, 'timeout');
    await finish();
  });

  same('what the listeners see', async (net, trace) => {
    const { client, finish } = await pair(net);
    trace.watch('C', client, ['timeout', 'error', 'close']);
    client.setTimeout(1, function (...args) {
      trace.push('callback', args, this === client);
    });
    await when(client, 'timeout');
    trace.push('after', client.timeout, client.destroyed, client.listenerCount('timeout'));
    client.emit('timeout');
    await finish();
  });

  same('before connect, and on a socket that is never connected', async (net, trace) => {
    const socket = new net.Socket();
    trace.push('set', socket.setTimeout(1, () => trace.push('fired')) === socket, socket.timeout);
    await when(socket, 'timeout');
    trace.push('state', socket.destroyed, socket.connecting);
    socket.setTimeout(0);
  });

  same('after destroy nothing is armed', async (net, trace) => {
    const { client, finish } = await pair(net);
    client.destroy();
    await closed(client);
    trace.push('set', client.setTimeout(1, () => trace.push('fired')) === client, client.timeout);
    await pause(20);
    trace.push('listeners', client.listenerCount('timeout'));
    await finish();
  });

  same('a subclass may take over _onTimeout', async (net, trace) => {
    const { client, finish } = await pair(net);
    let own = 0;
    client._onTimeout = function () {
      own++;
      net.Socket.prototype._onTimeout.call(this);
    };
    client.setTimeout(1);
    await when(client, 'timeout');
    trace.push('own', own);
    trace.call('by hand', () => client._onTimeout());
    trace.call('_unrefTimer', () => client._unrefTimer());
    await finish();
  });

  same('a big write that makes no progress times out, one that does is not idle', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    client.write(Buffer.alloc(64 * 1024 * 1024));
    await turns(20);
    client.setTimeout(30);
    await when(client, 'timeout');
    trace.push('stuck', client.writableLength > 0, client.destroyed);
    accepted.resume();
    await until(() => client.writableLength === 0, 'the write');
    await turn();
    trace.push('done', client.destroyed);
    await finish();
  });

  if (process.platform === 'linux') {
    same('while connecting', async (net, trace) => {
      const silent = await silentServer();
      const client = noteClose(net.connect({ port: silent.port, host: '127.0.0.1', timeout: 30 }));
      trace.watch('C', client, ['connect', 'error', 'timeout', 'close']);
      await when(client, 'timeout');
      trace.push('state', client.connecting, client.readyState, client.destroyed);
      client.destroy();
      await closed(client);
      await silent.stop();
    });
  }
});
