'use strict';

// What throws in a handler of a socket, seen by node:test: which test fails.

const net = require('node:net');
const { test } = require('node:test');
const { echo, calm } = require('./support.cjs');

test('an exception in a handler', { todo: 'fails on purpose' }, async () => {
  const { server, port } = await echo();
  const socket = net.connect(port, '127.0.0.1', () => {
    server.close();
    socket.destroy();
    // Its frames below this one are the package's.
    throw Object.assign(new Error('of the handler'), { stack: 'Error: of the handler' });
  });
  for (let round = 0; round < 4; round++) await calm();
});
