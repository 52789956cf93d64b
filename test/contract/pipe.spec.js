'use strict';

// Sockets over a local path: a Unix domain socket, or a named pipe on Windows.

const assert = require('node:assert/strict');
const os = require('node:os');
const path = require('node:path');
const { contract, differential } = require('../support/contract.js');
const { when, close, closed, noteClose, collect, turn } = require('../support/sockets.js');

const windows = process.platform === 'win32';
let serial = 0;
function freshPath() {
  const name = `iocp-net-contract-${process.pid}-${serial++}`;
  return windows ? `\\\\.\\pipe\\${name}` : path.join(os.tmpdir(), `${name}.sock`);
}

async function pipePair(net, { server: serverOptions = {}, client: clientOptions = {} } = {}) {
  const where = freshPath();
  const server = net.createServer(serverOptions).listen(where);
  await when(server, 'listening');
  const arrives = when(server, 'connection');
  const client = noteClose(net.connect({ path: where, ...clientOptions }));
  const connects = when(client, 'connect');
  const [accepted] = await arrives;
  noteClose(accepted);
  await connects;
  const finish = async () => {
    for (const socket of [client, accepted]) socket.on('error', () => {}).destroy();
    await Promise.all([closed(client), closed(accepted), close(server)]);
  };
  return { where, server, client, accepted, finish };
}

contract('Socket over a path', ({ net, it }) => {
  it('carries bytes both ways and closes', async () => {
    const { client, accepted, finish } = await pipePair(net);
    accepted.pipe(accepted);
    const received = collect(client);
    client.end(Buffer.alloc(1_000_000, 'p'));
    assert.equal((await received).length, 1_000_000);
    await finish();
  });

  it('connects in every form of arguments', async () => {
    const where = freshPath();
    const server = net.createServer((s) => s.end()).listen(where);
    await when(server, 'listening');
    for (const make of [
      (callback) => net.connect(where, callback),
      (callback) => net.connect({ path: where }, callback),
      (callback) => new net.Socket().connect(where, callback),
      (callback) => net.createConnection(where, callback),
    ]) {
      let calls = 0;
      const client = make(() => calls++);
      client.resume();
      await when(client, 'close');
      assert.equal(calls, 1);
    }
    await close(server);
  });
});

differential('Socket over a path', ({ same }) => {
  same('events and state', async (net, trace) => {
    const { where, client, accepted, finish } = await pipePair(net);
    trace.alias(where, 'path');
    const state = (label, s) =>
      trace.push(label, {
        remoteAddress: s.remoteAddress,
        remotePort: s.remotePort,
        localAddress: s.localAddress,
        localPort: s.localPort,
        remoteFamily: s.remoteFamily,
        address: s.address(),
        pending: s.pending,
        readyState: s.readyState,
        bytesRead: s.bytesRead,
        bytesWritten: s.bytesWritten,
        setters: [s.setNoDelay(true) === s, s.setKeepAlive(true, 1000) === s],
      });
    state('C.open', client);
    state('s.open', accepted);
    trace.watch('C', client, ['data', 'end', 'finish', 'error', 'close']);
    trace.watch('s', accepted, ['data', 'end', 'finish', 'error', 'close']);
    client.end('x');
    await Promise.all([closed(client), closed(accepted)]);
    state('C.closed', client);
    await finish();
    return trace.lanes();
  });

  same('connecting: events, and what is said synchronously', async (net, trace) => {
    const where = freshPath();
    trace.alias(where, 'path');
    const server = net.createServer((s) => s.end()).listen(where);
    await when(server, 'listening');
    const client = new net.Socket();
    trace.watch('C', client, [
      'lookup',
      'connectionAttempt',
      'connectionAttemptFailed',
      'connect',
      'ready',
      'end',
      'error',
      'close',
    ]);
    trace.call('connect', () => client.connect(where) === client);
    trace.push('state', client.connecting, client.readyState, client.pending);
    client.resume();
    await when(client, 'close');
    await close(server);
  });

  same('a path where nobody listens', async (net, trace) => {
    const where = freshPath();
    trace.alias(where, 'path');
    const client = net.connect(where);
    trace.watch('C', client, ['connectionAttempt', 'connectionAttemptFailed', 'connect', 'error', 'close']);
    client.write('x', (error) => trace.push('written', error));
    await when(client, 'close');
    await turn();
  });

  same('resetAndDestroy is refused', async (net, trace) => {
    const { client, finish } = await pipePair(net);
    trace.call('resetAndDestroy', () => client.resetAndDestroy());
    trace.push('state', client.destroyed);
    await finish();
  });

  same('half-open', async (net, trace) => {
    const { client, accepted, finish } = await pipePair(net, { server: { allowHalfOpen: true } });
    trace.watch('C', client, ['data', 'end', 'finish', 'error', 'close']);
    trace.watch('s', accepted, ['data', 'end', 'finish', 'error', 'close']);
    client.end('question');
    await when(accepted, 'end');
    accepted.end('answer');
    await Promise.all([closed(client), closed(accepted)]);
    await finish();
    return trace.lanes();
  });

  same('onread', async (net, trace) => {
    let text = '';
    const { client, accepted, finish } = await pipePair(net, {
      client: {
        onread: {
          buffer: Buffer.alloc(8),
          callback: (size, buffer) => {
            text += buffer.toString('latin1', 0, size);
          },
        },
      },
    });
    accepted.end('through a static buffer');
    await when(client, 'end');
    trace.push('text', text);
    await finish();
  });

  same('a socket that was on TCP connects to a path, and back', async (net, trace) => {
    const where = freshPath();
    const byPath = net.createServer((s) => s.end('path')).listen(where);
    const byPort = net.createServer((s) => s.end('port')).listen(0, '127.0.0.1');
    await Promise.all([when(byPath, 'listening'), when(byPort, 'listening')]);
    const client = new net.Socket();
    for (const target of [
      { path: where },
      { port: byPort.address().port, host: '127.0.0.1' },
      { path: where },
    ]) {
      client.connect(target);
      const text = await collect(client);
      trace.push('text', text);
      client.removeAllListeners('data');
      if (!client.closed) await when(client, 'close');
    }
    await close(byPath);
    await close(byPort);
  });
});
