'use strict';

// wtfnode: its list of what keeps the process alive, while servers and sockets are open and after their end.

const wtf = require('wtfnode');
const http = require('node:http');
const net = require('node:net');
const { listen, calm, print } = require('./support.cjs');

const lines = [];
for (const kind of ['info', 'warn', 'error']) wtf.setLogger(kind, (...parts) => lines.push(parts.join(' ')));

function dump(title) {
  lines.length = 0;
  wtf.dump();
  // File descriptors are the standard streams: a pipe here, a terminal there.
  const handles = lines
    .filter((line) => !/fd \d|File descriptors/.test(line))
    .map((line) => line.replace(/127\.0\.0\.1:\d+/g, 'ADDRESS').replace(/(\(unknown\)):\d+/, '$1:PORT'));
  // Sorted: whether a connection is accepted before its client knows of it is the system's.
  const entries = handles.join('\n').split(/\n(?! {4})/);
  print(`${title}\n${entries.sort().join('\n')}`);
}

async function main() {
  const server = net.createServer(function onConnection(socket) {
    socket.on('data', function onData() {}).on('error', () => {});
  });
  const port = await listen(server);
  const web = http.createServer(function onRequest(request, response) {
    if (request.url === '/') response.end();
  });
  const webPort = await listen(web);
  const client = net.connect(port, '127.0.0.1');
  client.on('data', function onAnswer() {});
  await new Promise((resolve) => client.once('connect', resolve));
  const request = http.get({ host: '127.0.0.1', port: webPort, path: '/waits', agent: false });
  request.on('error', () => {});
  await new Promise((resolve) => web.once('request', resolve));
  const timer = setTimeout(function later() {}, 60_000);
  await calm();
  dump('open');
  client.unref();
  server.unref();
  dump('without a hold');
  clearTimeout(timer);
  client.destroy();
  request.destroy();
  web.closeAllConnections();
  await Promise.all([server, web].map((each) => new Promise((resolve) => each.close(resolve))));
  await calm();
  dump('ended');
}

main();
