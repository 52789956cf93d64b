'use strict';

// Mock timers of node:test, and its mocks of methods of net.

const net = require('node:net');
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { echo, exchange, print } = require('./support.cjs');

test('timeouts follow the mocked clock, connections do not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
  const { server, port } = await echo();
  const socket = net.connect({ host: 'localhost', port });
  await new Promise((resolve) => socket.once('connect', resolve));
  const trace = [];
  socket.on('timeout', () => trace.push(Date.now()));
  socket.setTimeout(1_000);
  t.mock.timers.tick(999);
  print('before', trace.join());
  t.mock.timers.tick(1);
  print('after', trace.join());
  socket.write('x');
  print(String(await new Promise((resolve) => socket.once('data', resolve))));
  socket.destroy();
  await new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => server.close(resolve));
});

test('methods that are mocked', async (t) => {
  const { server, port } = await echo();
  const connect = t.mock.method(net.Socket.prototype, 'connect');
  const pause = t.mock.method(net.Socket.prototype, 'end');
  print(await exchange({ host: '127.0.0.1', port }, 'mocked'));
  print(connect.mock.callCount(), pause.mock.callCount() >= 1);
  t.mock.method(net, 'connect', () => {
    throw new Error('of the mock');
  });
  assert.throws(() => net.connect(port), /of the mock/);
  t.mock.restoreAll();
  print(await exchange({ host: '127.0.0.1', port }, 'restored'));
  await new Promise((resolve) => server.close(resolve));
});
