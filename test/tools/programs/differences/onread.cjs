'use strict';

// What New Relic's agent puts in the place of `onread` of an accepted connection's handle: a function of its own, to
// run 'data' within its segment.

const net = require('node:net');
const { listen, exchange, print } = require('../support.cjs');

const server = net.createServer((socket) => {
  const { onread } = socket._handle;
  print(typeof onread);
  socket._handle.onread = function (...args) {
    print('read');
    return onread.apply(this, args);
  };
  socket.resume().on('end', () => socket.end('answer'));
});

async function main() {
  const port = await listen(server);
  print(await exchange({ host: '127.0.0.1', port }, 'line'));
  server.close();
}

main();
