'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, listening, close, collect, freePort, turn, turns } = require('../support/sockets.js');

const EVENTS = ['connectionAttempt', 'connect', 'ready', 'data', 'end', 'finish', 'drain', 'error', 'close'];

contract('connecting again', ({ net, it }) => {
  it('one socket serves many connections, one after the other', async () => {
    const server = await listening(net, {}, (s) => s.pipe(s));
    const where = { port: server.address().port, host: '127.0.0.1' };
    const socket = new net.Socket();
    for (let i = 0; i < 20; i++) {
      socket.connect(where);
      socket.end(`round ${i}`);
      let text = '';
      const onData = (chunk) => (text += chunk);
      socket.on('data', onData);
      await when(socket, 'close');
      socket.removeListener('data', onData);
      assert.equal(text, `round ${i}`);
      assert.equal(socket.destroyed, true);
    }
    await close(server);
  });

  it('works from inside the close handler', async () => {
    const server = await listening(net, {}, (s) => s.end('x'));
    const socket = net.connect(server.address().port, '127.0.0.1');
    let rounds = 0;
    await new Promise((resolve) => {
      socket.resume().on('close', () => {
        if (++rounds === 5) resolve();
        else socket.connect(server.address().port, '127.0.0.1');
      });
    });
    assert.equal(rounds, 5);
    await close(server);
  });

  it('works after a refused connection and after a reset', async () => {
    const server = await listening(net, {}, (s) => s.on('error', () => {}).end('fine'));
    const refused = await freePort(net);
    const socket = new net.Socket();
    const errors = [];
    socket.on('error', ({ code }) => errors.push(code));
    socket.connect(refused, '127.0.0.1');
    await when(socket, 'close');
    socket.connect(server.address().port, '127.0.0.1');
    await when(socket, 'connect');
    socket.resetAndDestroy();
    await when(socket, 'close');
    socket.connect(server.address().port, '127.0.0.1');
    const text = await collect(socket);
    assert.equal(String(text), 'fine');
    await when(socket, 'close');
    assert.deepEqual(errors, ['ECONNREFUSED']);
    await close(server);
  });
});

differential('connecting again', ({ same }) => {
  same('events and state of two rounds', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.pipe(s));
    trace.alias(server.address().port, 'port');
    const socket = trace.watch('C', new net.Socket(), EVENTS);
    const state = (what) =>
      trace.push(what, {
        connecting: socket.connecting,
        destroyed: socket.destroyed,
        closed: socket.closed,
        readyState: socket.readyState,
        pending: socket.pending,
        readable: socket.readable,
        writable: socket.writable,
        readableEnded: socket.readableEnded,
        writableEnded: socket.writableEnded,
        bytesRead: socket.bytesRead,
        bytesWritten: socket.bytesWritten,
        remotePort: socket.remotePort,
        errored: socket.errored,
        ownWrite: Object.hasOwn(socket, 'write'),
      });
    for (let round = 1; round <= 2; round++) {
      state(`before ${round}`);
      socket.connect(server.address().port, '127.0.0.1', () => trace.push('callback'));
      state(`connecting ${round}`);
      socket.write('abc');
      socket.end('de');
      await when(socket, 'close');
      state(`after ${round}`);
    }
    await close(server);
  });

  same('after the peer ended, writing works again', async (net, trace) => {
    const server = await listening(net, {}, (s) => {
      s.on('error', () => {});
      s.on('data', (chunk) => trace.push('s.data', String(chunk)));
      s.end();
    });
    const socket = trace.watch('C', new net.Socket(), ['connect', 'end', 'error', 'close']);
    socket.resume();
    for (let round = 0; round < 2; round++) {
      socket.connect(server.address().port, '127.0.0.1');
      await when(socket, 'end');
      trace.push('own write', socket.write.name);
      if (!socket.closed) await when(socket, 'close');
    }
    await close(server);
  });

  same('options of the constructor last', async (net, trace) => {
    const server = await listening(net, { allowHalfOpen: true }, (s) => s.end('x'));
    const socket = new net.Socket({ allowHalfOpen: true, noDelay: true, keepAlive: true });
    for (let round = 0; round < 2; round++) {
      socket.connect(server.address().port, '127.0.0.1');
      socket.resume();
      await when(socket, 'end');
      await turn();
      trace.push('half open', socket.writable, socket.allowHalfOpen, socket.readyState);
      socket.destroy();
      await when(socket, 'close');
    }
    server.close();
    server.unref();
    server.removeAllListeners('connection');
    await turn();
    return trace;
  });

  same('destroyed with data on its way, and connected elsewhere on close', async (net, trace) => {
    const flood = await listening(net, {}, (s) =>
      s.on('error', () => {}).write(Buffer.alloc(3_000_000, 'a')),
    );
    const other = await listening(net, {}, (s) => s.end('b'.repeat(1000)));
    const socket = net.connect(flood.address().port, '127.0.0.1');
    const seen = new Set();
    let moved = false;
    socket.on('data', (chunk) => {
      if (moved) for (const byte of chunk) seen.add(String.fromCharCode(byte));
      else {
        moved = true;
        socket.destroy();
        socket.once('close', () => socket.connect(other.address().port, '127.0.0.1'));
      }
    });
    await when(socket, 'end');
    trace.push('bytes of', [...seen]);
    await turns(3);
    socket.destroy();
    await turns(3);
    await close(flood);
    await close(other);
  });

  same("with no listener for 'close' at all", async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end());
    const socket = new net.Socket();
    socket.connect(server.address().port, '127.0.0.1');
    socket.resume();
    while (!socket.destroyed || socket.readyState !== 'closed') await turn();
    for (let i = 0; i < 20; i++) await turn();
    trace.watch('C', socket, ['connect', 'end', 'close']);
    socket.connect(server.address().port, '127.0.0.1');
    await when(socket, 'close');
    await close(server);
  });

  same('connect on a socket that is connected', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.on('error', () => {}).resume());
    trace.alias(server.address().port, 'port');
    const socket = net.connect(server.address().port, '127.0.0.1');
    await when(socket, 'connect');
    trace.alias(socket.localPort, 'local');
    trace.watch('C', socket, EVENTS);
    trace.call(
      'connect',
      () => socket.connect(server.address().port, '127.0.0.1', () => trace.push('callback')) === socket,
    );
    trace.push('state', socket.connecting, socket.readyState);
    await Promise.race([when(socket, 'connect'), when(socket, 'close')]);
    trace.push('later', socket.connecting, socket.readyState, socket.destroyed);
    socket.destroy();
    await turn();
    await close(server);
  });
});
