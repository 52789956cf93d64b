'use strict';

// WebSocket and socket.io: upgrade, text and binary messages, a burst, a close with a code.

const http = require('node:http');
const { scenario, once, listening } = require('../support/scenario.js');

const kinds = {
  async ws(sample) {
    const { WebSocket, WebSocketServer } = require('ws');
    const server = http.createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket, request) => {
      socket.send(`hello ${request.url}`);
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
    const port = await listening(server);
    const client = new WebSocket(`ws://127.0.0.1:${port}/path`);
    const received = [];
    let expected = 3 + 200;
    const all = new Promise((resolve) => {
      client.on('message', (data, binary) => {
        received.push(binary ? data.length : String(data));
        if (--expected === 0) resolve();
      });
    });
    await once(client, 'open');
    sample();
    client.send('text');
    client.send(Buffer.alloc(200_000, 7));
    for (let i = 0; i < 200; i++) client.send(`message ${i}`);
    await all;
    const ended = new Promise((resolve) =>
      client.once('close', (code, reason) => resolve([code, String(reason)])),
    );
    client.close(4001, 'enough');
    received.push(await ended);
    sockets.close();
    server.close();
    return received;
  },
  async 'socket.io'(sample) {
    const { Server } = require('socket.io');
    const { io } = require('socket.io-client');
    const server = http.createServer();
    const sockets = new Server(server);
    sockets.on('connection', (socket) => {
      socket.on('double', (n, answer) => answer(2 * n));
      socket.on('bytes', (bytes) => socket.emit('length', bytes.length));
    });
    const port = await listening(server);
    const client = io(`http://127.0.0.1:${port}`, { reconnection: false });
    await once(client, 'connect');
    sample();
    const results = [];
    for (let n = 0; n < 20; n++) results.push(await client.emitWithAck('double', n));
    const length = once(client, 'length');
    client.emit('bytes', Buffer.alloc(100_000));
    results.push(await length, client.io.engine.transport.name);
    client.disconnect();
    await sockets.close();
    return results;
  },
};

scenario(({ sample, args: [kind] }) => kinds[kind](sample));
