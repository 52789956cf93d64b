'use strict';

// An HTTP server whose program gives its sockets an encoding: http reads bytes all the same.

const assert = require('node:assert/strict');
const { run } = require('../support/program.js');
const { choice } = require('../support/transports.js');

// The program prints what clients get; a client is a plain socket, so that nothing but the server is looked at.
const PROGRAM = `
  const http = require('node:http');
  const net = require('node:net');
  const crypto = require('node:crypto');
  const BODY = Buffer.from(Array.from({ length: 30_000 }, (_, n) => (n * 7) % 256)); // no text in any encoding
  const [how] = process.argv.slice(1);
  const server = http.createServer((request, response) => {
    const hash = crypto.createHash('sha1');
    request.on('data', (chunk) => {
      if (!Buffer.isBuffer(chunk)) throw new Error('a body of ' + typeof chunk);
      hash.update(chunk);
    });
    request.on('end', () => response.end(request.method + ' ' + request.url + ' ' + hash.digest('hex')));
  });
  server.on('upgrade', (request, socket, head) => {
    // After the upgrade the encoding counts.
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\n\\r\\n');
    let text = typeof head === 'string' ? head : head.toString('latin1');
    socket.on('data', (chunk) => {
      text += typeof chunk === 'string' ? chunk : 'bytes: ' + chunk.toString('latin1');
    });
    socket.on('end', () => socket.end(text));
  });
  server.prependListener('connection', (socket) => {
    const [encoding, manner] = how.split(' ');
    socket.setEncoding(encoding);
    if (manner === 'paused') { socket.pause(); setTimeout(() => socket.resume(), 20); }
  });
  if (how.endsWith('paused-later')) {
    server.prependListener('request', ({ socket }) => {
      socket.pause();
      setTimeout(() => socket.resume(), 20);
    });
  }
  const post = (path, close) => Buffer.concat([
    Buffer.from('POST ' + path + ' HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: ' + BODY.length + '\\r\\n' +
      (close ? 'Connection: close\\r\\n' : '') + '\\r\\n'),
    BODY,
  ]);
  const exchange = (pieces) => new Promise((resolve, reject) => {
    const client = net.connect(server.address().port, '127.0.0.1');
    const chunks = [];
    client.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
    client.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    const next = () => {
      const piece = pieces.shift();
      if (piece === undefined) return;
      if (piece === 'END') return client.end();
      if (piece === 'ANSWERED') return chunks.length > 0 ? next() : client.once('data', next);
      client.write(piece);
      setTimeout(next, 3);
    };
    next();
  });
  const plain = (text) => text.replace(/Date: .*\\r\\n/g, '');
  server.listen(0, '127.0.0.1', async () => {
    console.log(plain(await exchange([post('/one', true)])));
    // One after the other without waiting, and cut anywhere.
    const pipelined = Buffer.concat([post('/a'), post('/b'), post('/c', true)]);
    console.log(plain(await exchange([pipelined])));
    const pieces = [];
    for (let at = 0; at < pipelined.length; at += 7_777) pieces.push(pipelined.subarray(at, at + 7_777));
    console.log(plain(await exchange(pieces)));
    // What comes with the request is the head; what follows the answer is the socket's, on a busy machine too.
    const upgrade = 'GET /up HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n';
    console.log(plain(await exchange([upgrade, 'ANSWERED', 'later '.repeat(3), 'words', 'END'])));
    console.log(plain(await exchange([upgrade + 'first ', 'ANSWERED', 'words', 'END'])));
    server.close();
    if (process.env.WANT_ENGINE === '1') {
      const { engine } = require('iocp-net/engine');
      if (engine.counters.acceptedEndpoints < 5) throw new Error('the engine did nothing');
    }
  });`;

describe('http over sockets with an encoding', function () {
  this.timeout(120_000);
  for (const how of ['utf8', 'latin1', 'hex', 'utf8 paused', 'base64 paused-later', 'latin1 paused']) {
    it(`${how}: the same answers as over node:net`, async () => {
      const expected = await run({ source: PROGRAM, args: [how] });
      assert.deepEqual({ code: expected.code, stderr: expected.stderr }, { code: 0, stderr: '' });
      assert.match(expected.stdout, /POST \/c/);
      if (choice === 'node') return;
      const actual = await run({
        source: PROGRAM,
        args: [how],
        preload: 'require',
        env: { WANT_ENGINE: '1' },
      });
      assert.deepEqual(actual, expected);
    });
  }
});
