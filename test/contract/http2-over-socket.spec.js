'use strict';

// HTTP/2, http and https over sockets that a program hands over.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const tls = require('node:tls');
const { contract } = require('../support/contract.js');
const { when, pair, closed, listening, close, until, noteClose } = require('../support/sockets.js');
const { identity, asClient, exchange, bytesOf } = require('../support/secure.js');
const { withUncaught } = require('../support/uncaught.js');

const MIB = 1024 * 1024;

/** Answers with what it was sent. */
function echo(stream, headers) {
  stream.respond({ ':status': 200, 'x-path': headers[':path'] });
  stream.pipe(stream);
}

async function upload(session, total) {
  const stream = session.request({ ':method': 'POST', ':path': '/upload' });
  const { source, digest } = bytesOf(total, 5);
  const hash = crypto.createHash('sha256');
  stream.on('data', (chunk) => hash.update(chunk));
  const over = when(stream, 'close', 300_000);
  source.pipe(stream);
  await over;
  assert.equal(hash.digest('hex'), digest());
}

async function ask(session, path) {
  const stream = session.request({ ':path': path });
  const over = when(stream, 'close');
  const [headers] = await when(stream, 'response');
  stream.resume().end();
  await over;
  return headers['x-path'];
}

async function endSession(session, server) {
  const over = when(session, 'close');
  session.close();
  await over;
  if (server) await closed(server);
}

contract('http2 over given sockets', ({ net, it }) => {
  for (const [name, total] of [
    ['a request', 0],
    ['100 MiB each way', 100 * MIB],
  ]) {
    it(`createConnection and emit('connection'): ${name}`, async function () {
      this.timeout(600_000);
      const { client, accepted, finish } = await pair(net);
      client.write('PROXY line');
      await when(accepted, 'data');
      http2.createServer().on('stream', echo).emit('connection', accepted);
      const session = http2.connect('http://localhost', { createConnection: () => client });
      if (total > 0) await upload(session, total);
      assert.equal(await ask(session, '/one'), '/one');
      // On Windows http2 reads from Node's wrapper for streams, which has no addresses.
      if (process.platform !== 'win32') assert.equal(session.socket.remotePort, client.remotePort);
      await endSession(session, accepted);
      await finish();
    });
  }

  it('performServerHandshake', async function () {
    if (http2.performServerHandshake === undefined) this.skip(); // came with Node 20.12 and 21.7
    const { client, accepted, finish } = await pair(net);
    const serverSession = http2.performServerHandshake(accepted);
    serverSession.on('stream', echo);
    const session = http2.connect('http://localhost', { createConnection: () => client });
    assert.equal(await ask(session, '/handshake'), '/handshake');
    await endSession(session, accepted);
    await finish();
  });

  it('a socket that has received the preface already', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    accepted.read(0);
    const session = http2.connect('http://localhost', { createConnection: () => client });
    await until(() => accepted.readableLength > 0, 'the preface');
    http2.createServer().on('stream', echo).emit('connection', accepted);
    assert.equal(await ask(session, '/late'), '/late');
    await endSession(session, accepted);
    await finish();
  });

  it('a socket that is still connecting', async () => {
    const server = await listening(net, {}, (accepted) =>
      http2.createServer().on('stream', echo).emit('connection', accepted),
    );
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    const session = http2.connect('http://localhost', { createConnection: () => client });
    assert.equal(await ask(session, '/connecting'), '/connecting');
    await endSession(session, client);
    await close(server);
  });

  it('over TLS, by emit of the secure server', async () => {
    const { client, accepted, finish } = await pair(net);
    http2.createSecureServer(identity).on('stream', echo).emit('connection', accepted);
    const session = http2.connect('https://localhost', {
      createConnection: () => asClient(client, { ALPNProtocols: ['h2'], servername: 'localhost' }),
    });
    assert.equal(await ask(session, '/secure'), '/secure');
    assert.equal(session.alpnProtocol, 'h2');
    await endSession(session, accepted);
    await finish();
  });

  it('a session that is destroyed destroys the socket', async () => {
    const { client, accepted, finish } = await pair(net);
    http2
      .createServer()
      .on('session', (session) => session.on('error', () => {}))
      .emit('connection', accepted);
    const session = http2.connect('http://localhost', { createConnection: () => client });
    await when(session, 'connect');
    session.destroy();
    await Promise.all([closed(client), closed(accepted)]);
    await finish();
  });

  it('an error of a handler is an uncaught one', async () => {
    const { client, accepted, finish } = await pair(net);
    http2
      .createServer()
      .on('stream', () => {
        throw new Error('from a handler');
      })
      .emit('connection', accepted);
    const session = http2.connect('http://localhost', { createConnection: () => client });
    const thrown = [];
    await withUncaught(
      (error) => thrown.push(error.message),
      () => {
        session.request({ ':path': '/' }).on('error', () => {});
        return when(process, 'uncaughtException');
      },
    );
    assert.deepEqual(thrown, ['from a handler']);
    session.on('error', () => {}).destroy();
    await finish();
  });
});

/** A proxy for CONNECT over sockets of `net`. */
async function proxy(net) {
  const server = http.createServer();
  server.on('connect', (request, socket, head) => {
    const [host, port] = request.url.split(':');
    const upstream = net.connect({ port: Number(port), host, allowHalfOpen: true }, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    for (const one of [socket, upstream]) one.on('error', () => {});
  });
  const carrier = await listening(net, { allowHalfOpen: true }, (socket) =>
    server.emit('connection', socket),
  );
  return { carrier, port: carrier.address().port };
}

async function body(request) {
  const [response] = await when(request, 'response');
  const chunks = [];
  response.on('data', (chunk) => chunks.push(chunk));
  await when(response, 'end');
  return String(Buffer.concat(chunks));
}

contract('http and https over given sockets', ({ net, it }) => {
  it("https.Server#emit('connection')", async () => {
    const { client, accepted, finish } = await pair(net);
    https
      .createServer(identity, (request, response) =>
        response.end(`${request.url} ${request.socket.remotePort}`),
      )
      .emit('connection', accepted);
    const secured = asClient(client);
    const request = http.get({
      createConnection: () => secured,
      path: '/secret',
      headers: { connection: 'close' },
    });
    assert.equal(await body(request), `/secret ${client.localPort}`);
    await closed(client);
    await finish();
  });

  it("http.Server#emit('connection') with a TLSSocket", async () => {
    const { client, accepted, finish } = await pair(net);
    const server = http.createServer((request, response) => response.end(request.url));
    server.emit('connection', new tls.TLSSocket(accepted, { isServer: true, ...identity }));
    const secured = asClient(client);
    const request = http.get({
      createConnection: () => secured,
      path: '/x',
      headers: { connection: 'close' },
    });
    assert.equal(await body(request), '/x');
    await closed(client);
    await finish();
  });

  it('TLS through CONNECT: 20 MiB each way, and bytes that come with the head', async function () {
    this.timeout(300_000);
    const target = await listening(net, {}, (socket) => {
      const secure = new tls.TLSSocket(socket, { isServer: true, ...identity });
      secure.on('end', () => secure.end());
      exchange(secure, 20 * MIB, 6).then((all) => target.emit('exchanged', all));
    });
    const exchanged = when(target, 'exchanged', 240_000);
    const { carrier, port } = await proxy(net);
    const socket = noteClose(net.connect(port, '127.0.0.1'));
    const request = http.request({
      createConnection: () => socket,
      method: 'CONNECT',
      path: `127.0.0.1:${target.address().port}`,
    });
    request.end();
    const [response, tunnel, head] = await when(request, 'connect');
    assert.deepEqual([response.statusCode, tunnel === socket, head.length], [200, true, 0]);
    const secured = asClient(tunnel);
    const ours = await exchange(secured, 20 * MIB, 7);
    const [theirs] = await exchanged;
    secured.end();
    assert.equal(ours.received, theirs.sent);
    assert.equal(theirs.received, ours.sent);
    await closed(socket);
    await Promise.all([close(target), close(carrier)]);
  });

  it('an upgrade whose socket becomes TLS, with a head', async () => {
    const server = http.createServer().on('upgrade', (_request, socket, head) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: tls\r\n\r\n', () => {
        if (head.length > 0) socket.unshift(head);
        const secure = new tls.TLSSocket(socket, { isServer: true, ...identity });
        secure.on('data', (data) => secure.end(`upgraded ${data}`)).on('error', () => {});
      });
    });
    const carrier = await listening(net, {}, (socket) => server.emit('connection', socket));
    const socket = noteClose(net.connect(carrier.address().port, '127.0.0.1'));
    const request = http.get({
      createConnection: () => socket,
      headers: { connection: 'upgrade', upgrade: 'tls' },
    });
    const [, upgraded] = await when(request, 'upgrade');
    const secured = asClient(upgraded);
    secured.write('client');
    assert.equal(String((await when(secured, 'data'))[0]), 'upgraded client');
    secured.end();
    await closed(socket);
    await close(carrier);
  });
});
