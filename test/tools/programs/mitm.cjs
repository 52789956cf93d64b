'use strict';

// mitm: sockets and requests that it takes for itself, those that it lets pass, and net after its end.

const net = require('node:net');
const Mitm = require('mitm');
const { mirror, echo, ask, exchange, calm, print } = require('./support.cjs');

async function main() {
  const other = await echo();
  const { server, port } = await mirror();
  const mitm = Mitm();
  mitm.on('connect', (socket, { port: to }) => {
    if (to === other.port || to === port) socket.bypass();
  });
  const answer = (socket) => socket.on('data', (chunk) => socket.write(`<${chunk}>`));
  mitm.on('connection', answer);
  mitm.on('request', (request, response) => {
    response.statusCode = 402;
    response.end(`taken ${request.method} ${request.headers.host}${request.url}`);
  });

  const trace = [];
  const socket = net.connect(22, 'mocked.test');
  socket.setEncoding('utf8').on('data', (text) => {
    trace.push(text);
    socket.end();
  });
  for (const name of ['connect', 'end', 'close']) socket.on(name, () => trace.push(name));
  socket.write('hello');
  for (let round = 0; round < 3; round++) await calm();
  print(trace.join(' '), socket instanceof net.Socket, socket.destroyed);
  mitm.off('connection', answer);
  print(await ask({ host: 'mocked.test', path: '/a', agent: false }));
  print(await ask({ host: 'mocked.test', path: '/b', method: 'POST', agent: false }, 'body'));
  print(await exchange({ host: '127.0.0.1', port: other.port }, 'passed'));
  print(await ask({ host: '127.0.0.1', port, path: '/passed', agent: false }));
  mitm.disable();
  print(await exchange({ host: '127.0.0.1', port: other.port }, 'after'));
  print(await ask({ host: '127.0.0.1', port, path: '/after' }));
  server.closeAllConnections();
  server.close();
  other.server.close();
}

main();
