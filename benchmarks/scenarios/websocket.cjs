'use strict';
// Messages of a WebSocket, sent back; through the package ws.
const { loadModule } = require('./modules.cjs');

exports.serve = () => {
  const { WebSocketServer } = loadModule('ws');
  const server = require('node:http').createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    socket.on('message', (message, binary) => socket.send(message, { binary }));
  });
  return server;
};

exports.load = ({ connections, bytes }) => [
  ...['--connections', connections],
  ...['--request-bytes', bytes],
  ...['--websocket', '/'],
];
exports.needs = () => ({ modules: ['ws'] });
