'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { orderOf } = require('../support/trace.js');
const { when, listening, close, closed, noteClose, pair, turn } = require('../support/sockets.js');

const CLIENT_EVENTS = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connect',
  'ready',
  'error',
  'close',
];

contract('connect', ({ net, it }) => {
  it('calls back once, and every form of arguments means the same', async () => {
    const server = await listening(net, {}, (socket) => socket.end());
    const { port } = server.address();
    const forms = {
      'port, host, callback': (callback) => net.connect(port, '127.0.0.1', callback),
      'port as text': (callback) => net.connect(String(port), '127.0.0.1', callback),
      options: (callback) => net.connect({ port, host: '127.0.0.1' }, callback),
      createConnection: (callback) => net.createConnection({ port, host: '127.0.0.1' }, callback),
      'Socket#connect': (callback) => new net.Socket().connect(port, '127.0.0.1', callback),
      'Socket#connect options': (callback) =>
        new net.Socket().connect({ port: `${port}`, host: '127.0.0.1' }, callback),
      'arguments that were normalized before': (callback) =>
        net.connect.apply(net, [{ port, host: '127.0.0.1' }, 'ignored', callback]),
      _normalizeArgs: (callback) =>
        new net.Socket().connect(net._normalizeArgs([{ port, host: '127.0.0.1' }, callback])),
    };
    for (const [name, form] of Object.entries(forms)) {
      let calls = 0;
      const socket = form(function () {
        assert.equal(this, socket, `${name}: this`);
        calls++;
      });
      assert.ok(socket instanceof net.Socket, name);
      assert.equal(socket.connecting, true, name);
      socket.resume();
      await when(socket, 'close');
      assert.equal(calls, 1, name);
    }
    await close(server);
  });

  it('takes localhost when no host is given', async () => {
    const server = await listening(net, {}, (socket) => socket.end(), { port: 0, host: 'localhost' });
    const socket = net.connect(server.address().port);
    const lookups = [];
    socket.on('lookup', (...args) => lookups.push(args[3]));
    socket.resume();
    await when(socket, 'close');
    assert.ok(lookups.length > 0);
    assert.ok(lookups.every((host) => host === 'localhost'));
    await close(server);
  });

  it('does not look up an address', async () => {
    const { client, port, finish } = await pair(net);
    const other = noteClose(net.connect(port, '127.0.0.1'));
    let lookups = 0;
    other.on('lookup', () => lookups++);
    await when(other, 'connect');
    assert.equal(lookups, 0);
    other.destroy();
    client.destroy();
    await closed(other);
    await finish();
  });

  it('binds the local address and port that it is given', async () => {
    const server = await listening(net, {}, (socket) => socket.end());
    const probe = await listening(net);
    const localPort = probe.address().port;
    await close(probe);
    const socket = net.connect({
      port: server.address().port,
      host: '127.0.0.1',
      localAddress: '127.0.0.1',
      localPort,
    });
    await when(socket, 'connect');
    assert.equal(socket.localAddress, '127.0.0.1');
    assert.equal(socket.localPort, localPort);
    socket.destroy();
    await when(socket, 'close');
    await close(server);
  });

  it('never calls back in the turn of the call', async () => {
    const server = await listening(net, {}, (socket) => socket.end());
    const socket = new net.Socket();
    let inCall = true;
    for (const event of ['connectionAttempt', 'connect', 'ready', 'lookup']) {
      socket.on(event, () => assert.equal(inCall, false, event));
    }
    socket.connect(server.address().port, '127.0.0.1');
    inCall = false;
    socket.resume();
    await when(socket, 'close');
    await close(server);
  });
});

differential('connect', ({ same }) => {
  same('events of a client that asks and is answered, both ends in order', async (net, trace) => {
    const server = net.createServer((s) => {
      noteClose(s);
      trace.watch('s', s, ['data', 'end', 'prefinish', 'finish', 'error', 'close']);
    });
    trace.watch('S', server, ['listening', 'connection', 'close']);
    server.listen(0, '127.0.0.1');
    await when(server, 'listening');
    trace.alias(server.address().port, 'port');
    const arrives = when(server, 'connection');
    const c = noteClose(net.connect({ port: server.address().port, host: 'localhost', family: 4 }));
    trace.watch('C', c, [...CLIENT_EVENTS, 'prefinish', 'finish', 'data', 'end']);
    c.end('req');
    const [s] = await arrives;
    await Promise.all([closed(c), closed(s)]);
    await close(server);
    return orderOf(trace);
  });

  for (const host of ['127.0.0.1', 'localhost']) {
    same(`events of connecting to ${host}`, async (net, trace) => {
      const server = await listening(net, {}, (s) => s.end(), { port: 0, host });
      trace.alias(server.address().port, 'port');
      const c = trace.watch(
        'C',
        net.connect(server.address().port, host, () => trace.push('C.callback')),
        CLIENT_EVENTS,
      );
      trace.push('connecting', c.connecting, c.readyState, c.pending);
      c.resume();
      await when(c, 'close');
      await close(server);
    });
  }

  same('the order of connect callback, ready and ticks', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end());
    trace.alias(server.address().port, 'port');
    const c = net.connect(server.address().port, '127.0.0.1', () => {
      trace.push('callback');
      process.nextTick(() => trace.push('tick of callback'));
      Promise.resolve().then(() => trace.push('microtask of callback'));
    });
    trace.watch('C', c, ['connectionAttempt', 'connect', 'ready']);
    process.nextTick(() => trace.push('tick after the call'));
    c.resume();
    await when(c, 'close');
    await close(server);
  });

  same('_normalizeArgs', (net, trace) => {
    const f = function callback() {};
    for (const args of [
      [],
      [80],
      [80, 'h'],
      [80, 'h', f],
      ['80'],
      ['/path'],
      ['/path', f],
      [{ port: 1 }],
      [{ path: 'x' }, f],
      [f],
      [null],
      [undefined, 'h'],
      [80, f, 'h'],
      [80, 511, f],
      [true],
      [['x']],
    ]) {
      const [options, callback] = net._normalizeArgs(args);
      trace.push('args', args, Object.entries(options), callback);
    }
  });

  same('destroy right after connect', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end());
    const { port } = server.address();
    trace.alias(port, 'port');
    const c = trace.watch('C', new net.Socket(), [...CLIENT_EVENTS]);
    c.connect(port, '127.0.0.1', () => trace.push('never'));
    trace.push('connecting', c.connecting);
    c.destroy();
    trace.push('destroyed', c.connecting, c.destroyed, c.readyState);
    await when(c, 'close');
    await close(server);
  });

  same('connect with a parent that is connecting does nothing of its own', async (net, trace) => {
    const server = await listening(net);
    const parent = new net.Socket();
    const child = new net.Socket();
    child._parent = parent;
    parent.connecting = true;
    trace.call(
      'child',
      () => child.connect(server.address().port, '127.0.0.1', () => trace.push('never')) === child,
    );
    trace.push('connecting', child.connecting);
    await turn();
    await close(server);
  });

  same('an accepted socket is open, flowing or not, before the connection event', async (net, trace) => {
    const server = net.createServer();
    server.on('connection', (s) => {
      noteClose(s);
      trace.push(
        'accepted',
        s.connecting,
        s.pending,
        s.readyState,
        s.readableFlowing,
        s.isPaused(),
        s.readableLength,
      );
    });
    server.listen(0, '127.0.0.1');
    await when(server, 'listening');
    const arrives = when(server, 'connection');
    const c = noteClose(net.connect(server.address().port, '127.0.0.1'));
    const [s] = await arrives;
    c.end();
    s.resume();
    c.resume();
    await Promise.all([closed(c), closed(s)]);
    await close(server);
  });

  same('a socket paused before connect is not read', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end('hello'));
    const c = new net.Socket();
    c.pause();
    c.connect(server.address().port, '127.0.0.1');
    await when(c, 'ready');
    await turn();
    trace.push('paused', c.isPaused(), c.bytesRead, c.readableLength);
    trace.watch('C', c, ['data', 'end', 'close']);
    trace.push('still paused', c.isPaused(), c.readableFlowing);
    c.resume();
    await when(c, 'close');
    await close(server);
  });
});
