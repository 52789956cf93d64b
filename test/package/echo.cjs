'use strict';
// In an empty folder with the package installed: the engine loads from prebuilds/ and carries an echo.
const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const net = require('iocp-net');
const { engine } = require('iocp-net/engine');

const ECHO_BYTES = 1024 * 1024;

assert.equal(engine.name, process.platform === 'win32' ? 'iocp' : 'epoll', engine.reason);

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const sent = randomBytes(ECHO_BYTES);
const server = net.createServer((socket) => socket.pipe(socket));

server.listen(0, '127.0.0.1', () => {
  const client = net.connect(server.address().port, '127.0.0.1');
  const chunks = [];
  client.on('data', (chunk) => chunks.push(chunk));
  client.on('end', () => {
    assert.equal(sha256(Buffer.concat(chunks)), sha256(sent));
    assert.ok(engine.counters.bytesReceived >= 2 * ECHO_BYTES, 'the engine did not carry it');
    server.close(() => console.log(`${engine.name}: ${ECHO_BYTES} bytes echoed`));
  });
  client.end(sent);
});
