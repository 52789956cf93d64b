'use strict';

// A server behind nginx: keep-alive to the upstream, a WebSocket through it, large bodies both ways.

const http = require('node:http');
const { scenario, once, listening } = require('../support/scenario.js');

scenario(async ({ sample, ask }) => {
  const { WebSocket, WebSocketServer } = require('ws');
  const server = http.createServer((request, response) => {
    if (request.method === 'POST') request.pipe(response);
    else response.end(`upstream ${request.url}`);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
  const port = await ask(`proxy ${await listening(server)}`).then(({ done }) => done);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      http
        .request({ host: '127.0.0.1', port, method, path, agent }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
          response.on('end', () => resolve([response.statusCode, text]));
        })
        .on('error', reject)
        .end(body);
    });
  const results = await Promise.all([...Array(20).keys()].map((n) => call('GET', `/${n}`)));
  sample();
  const big = 'z'.repeat(2_000_000);
  const [status, text] = await call('POST', '/echo', big);
  results.push(status, text === big);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
  await once(socket, 'open');
  const echo = once(socket, 'message');
  socket.send('through nginx');
  results.push(String(await echo));
  socket.close();
  await once(socket, 'close');
  agent.destroy();
  sockets.close();
  server.close();
  server.closeAllConnections();
  return results;
});
