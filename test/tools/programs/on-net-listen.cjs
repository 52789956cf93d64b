'use strict';

// on-net-listen: every server that begins to listen, seen through async_hooks. None on a Unix socket: over node:net it
// dies there, since handles of pipes have no `owner`.

const http = require('node:http');
const net = require('node:net');
const onListening = require('on-net-listen');
const { listen, exchange, print } = require('./support.cjs');

const listener = onListening(({ family, address }) => print(family, address));

async function main() {
  const server = net.createServer((socket) => socket.end('hello'));
  const servers = [server, http.createServer(), net.createServer(), net.createServer()];
  const port = await listen(server);
  await listen(servers[1], { port: 0, host: '127.0.0.2' });
  await listen(servers[2], 0, '::1');
  await new Promise(setImmediate);
  listener.destroy();
  await listen(servers[3]);
  print(await exchange({ host: '127.0.0.1', port }, 'x'));
  for (const each of servers) each.close();
}

main();
