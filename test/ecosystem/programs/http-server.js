'use strict';

// What servers of node:http and node:https promise beyond requests and answers: each case is a server of its own and
// what a plain client reads from it, byte by byte, but for the date.

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { scenario, once, listening } = require('../support/scenario.js');

const fixture = (name) => fs.readFileSync(path.join(__dirname, '../../program/fixtures', name));
const cert = fixture('localhost-cert.pem');
const SHORT_MS = 150;
const LONG_MS = 60_000;
const CHECK_MS = 30;

const head = (line, ...fields) => `${[line, 'Host: localhost', ...fields].join('\r\n')}\r\n\r\n`;
const get = (url, ...fields) => head(`GET ${url} HTTP/1.1`, ...fields);

/** A connection of a client, and all that has come on it. */
class Peer {
  constructor(socket) {
    this.socket = socket;
    this.text = '';
    this.waiting = [];
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      this.text += text;
      this.waiting = this.waiting.filter((waits) => !waits());
    });
    // A server that drops a connection may reset it: how, is for the contract specs.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  /** Writes a text and waits until what has come holds another one. */
  async send(text, answer) {
    this.socket.write(text);
    if (answer !== undefined) await this.holds(answer);
  }

  async holds(answer) {
    if (this.text.includes(answer)) return;
    const held = new Promise((resolve) =>
      this.waiting.push(() => {
        if (!this.text.includes(answer)) return false;
        resolve();
        return true;
      }),
    );
    await Promise.race([held, this.closed]);
    if (!this.text.includes(answer)) throw new Error(`closed before ${answer} came, after: ${this.text}`);
  }

  /** All that came until the server closed the connection. */
  async all() {
    await this.closed;
    return this.text.replace(/^Date: .*\r\n/gm, '');
  }
}

const cases = {
  clientError: {
    prepare(server, observed) {
      server.on('clientError', (error, socket) => {
        observed.push(error.code, socket.writable);
        socket.end('HTTP/1.1 400 Not that\r\nConnection: close\r\n\r\n');
      });
    },
    async play({ connect }) {
      const peer = await connect();
      await peer.send('NONSENSE\r\n\r\n');
      return peer.all();
    },
  },
  'a bad request without a listener': {
    async play({ connect }) {
      const peer = await connect();
      await peer.send(get('/').replace('HTTP/1.1', 'HTTP/x'));
      return peer.all();
    },
  },
  'headers that are too large': {
    async play({ connect }) {
      const peer = await connect();
      await peer.send(get('/', `Large: ${'x'.repeat(20_000)}`));
      return peer.all();
    },
  },
  connect: {
    prepare(server, observed) {
      server.on('connect', (request, socket, early) => {
        observed.push(request.url, String(early));
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(socket);
      });
    },
    async play({ connect }) {
      const peer = await connect();
      await peer.send(`${head('CONNECT example.org:7 HTTP/1.1')}early`, 'established\r\n\r\n');
      await peer.send('through the tunnel', 'tunnel');
      peer.socket.end();
      return peer.all();
    },
  },
  'connect without a listener': {
    async play({ connect }) {
      const peer = await connect();
      await peer.send(head('CONNECT example.org:7 HTTP/1.1'));
      return peer.all();
    },
  },
  upgrade: {
    prepare(server, observed) {
      server.on('upgrade', (request, socket, early) => {
        observed.push(request.headers.upgrade, String(early));
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        socket.pipe(socket);
      });
    },
    async play({ connect }) {
      const peer = await connect();
      await peer.send(`${get('/', 'Connection: Upgrade', 'Upgrade: echo')}early`, 'echo\r\n\r\n');
      await peer.send('upgraded', 'upgraded');
      peer.socket.end();
      return peer.all();
    },
  },
  'upgrade without a listener': {
    async play({ connect }) {
      const peer = await connect();
      await peer.send(get('/', 'Connection: Upgrade, close', 'Upgrade: echo'));
      return peer.all();
    },
  },
  'Expect: 100-continue': {
    async play({ connect }) {
      const peer = await connect();
      const fields = ['Content-Length: 4', 'Expect: 100-continue', 'Connection: close'];
      await peer.send(head('POST /echo HTTP/1.1', ...fields), '100 Continue\r\n\r\n');
      await peer.send('body');
      return peer.all();
    },
  },
  checkContinue: {
    prepare(server, observed) {
      server.on('checkContinue', (request, response) => {
        observed.push(request.url);
        if (request.url !== '/echo') {
          response.writeHead(403, { Connection: 'close' }).end();
          return;
        }
        response.writeContinue();
        server.emit('request', request, response);
      });
    },
    async play({ connect }) {
      const texts = [];
      for (const url of ['/echo', '/refused']) {
        const peer = await connect();
        const fields = ['Content-Length: 4', 'Expect: 100-continue', 'Connection: close'];
        await peer.send(head(`POST ${url} HTTP/1.1`, ...fields), '\r\n\r\n');
        await peer.send('body');
        texts.push(await peer.all());
      }
      return texts;
    },
  },
  checkExpectation: {
    prepare(server, observed) {
      server.on('checkExpectation', (request, response) => {
        observed.push(request.headers.expect);
        response.writeHead(200, { Connection: 'close' }).end('as you like');
      });
    },
    async play({ connect }) {
      const peer = await connect();
      await peer.send(get('/', 'Expect: something'));
      return peer.all();
    },
  },
  'an expectation that nobody knows': {
    async play({ connect }) {
      const peer = await connect();
      await peer.send(get('/', 'Expect: something', 'Connection: close'));
      return peer.all();
    },
  },
  headersTimeout: {
    options: { headersTimeout: SHORT_MS, requestTimeout: LONG_MS, connectionsCheckingInterval: CHECK_MS },
    async play({ connect }) {
      const peer = await connect();
      await peer.send('GET / HTTP/1.1\r\nHost: local');
      return peer.all();
    },
  },
  requestTimeout: {
    options: { headersTimeout: SHORT_MS, requestTimeout: SHORT_MS, connectionsCheckingInterval: CHECK_MS },
    async play({ connect }) {
      const peer = await connect();
      await peer.send(`${head('POST /echo HTTP/1.1', 'Content-Length: 10')}half`);
      return peer.all();
    },
  },
  'keepAliveTimeout, after two requests': {
    options: { keepAliveTimeout: LONG_MS },
    async play({ connect, server }) {
      const peer = await connect();
      await peer.send(get('/first'), '/first');
      server.keepAliveTimeout = SHORT_MS; // not before: a slow machine would lose the second request
      await peer.send(get('/second'), '/second');
      return peer.all();
    },
  },
  'setTimeout with a listener, and without': {
    prepare(server, observed) {
      server.once('timeout', (socket) => {
        observed.push('timeout');
        server.removeAllListeners('timeout');
        socket.end('HTTP/1.1 408 Too slow\r\n\r\n');
      });
      server.setTimeout(SHORT_MS);
    },
    async play({ connect }) {
      const texts = [];
      for (const url of ['/first', '/second']) {
        const peer = await connect();
        await peer.send(head(`POST ${url} HTTP/1.1`, 'Content-Length: 10'));
        texts.push(await peer.all());
      }
      return texts;
    },
  },
  maxRequestsPerSocket: {
    options: { keepAliveTimeout: SHORT_MS },
    prepare(server, observed) {
      server.maxRequestsPerSocket = 2;
      server.on('dropRequest', (request) => observed.push(request.url));
    },
    async play({ connect }) {
      const peer = await connect();
      await peer.send(['/1', '/2', '/3'].map((url) => get(url)).join(''));
      return peer.all();
    },
  },
  'pipelined requests, of which the first is answered last': {
    async play({ connect, release }) {
      const peer = await connect();
      await peer.send(`${get('/held')}${get('/2')}${get('/3', 'Connection: close')}`);
      await release();
      return peer.all();
    },
  },
  closeIdleConnections: {
    async play({ connect, release, server }) {
      const idle = await connect();
      const busy = await connect();
      await idle.send(get('/'), 'GET /');
      await busy.send(get('/held', 'Connection: close'));
      await release(() => server.closeIdleConnections());
      return [await idle.all(), await busy.all()];
    },
  },
  closeAllConnections: {
    async play({ connect, release, server }) {
      const idle = await connect();
      const busy = await connect();
      await idle.send(get('/'), 'GET /');
      await busy.send(get('/held'));
      await release(() => server.closeAllConnections());
      return [await idle.all(), await busy.all()];
    },
  },
  'close() while a connection is idle and another one busy': {
    async play({ connect, release, server, observed }) {
      const idle = await connect();
      const busy = await connect();
      await idle.send(get('/'), 'GET /');
      await busy.send(get('/held'));
      await release(() => {
        server.close((error) => observed.push(`closed ${error?.code}`));
        server.closeIdleConnections();
        observed.push(server.listening);
      });
      await idle.closed;
      await busy.holds('GET /held');
      busy.socket.end();
      const texts = [await idle.all(), await busy.all()];
      if (!observed.includes('closed undefined')) await once(server, 'close');
      return texts;
    },
  },
  'an answer that the client does not wait for': {
    prepare(server, observed) {
      server.on('request', (request, response) => {
        if (request.url !== '/held') return;
        request.once('close', () => observed.push('request closed'));
        response.once('close', () => observed.push(`response closed, ended ${response.writableEnded}`));
      });
    },
    async play({ connect, release }) {
      const peer = await connect();
      await peer.send(get('/held'));
      await release(async (response) => {
        const gone = once(response, 'close');
        peer.socket.destroy();
        await gone;
      });
      return peer.all();
    },
  },
};

async function run({ options = {}, prepare, play }, secure, sample) {
  const observed = [];
  let held;
  const holding = new Promise((resolve) => {
    held = resolve;
  });
  const answer = (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    const finish = () => response.end(`${request.method} ${request.url} ${Buffer.concat(chunks)}`);
    if (request.url === '/held') held({ response, finish });
    else request.on('end', finish);
  };
  const server = secure
    ? https.createServer({ ...options, key: fixture('localhost-key.pem'), cert }, answer)
    : http.createServer(options, answer);
  prepare?.(server, observed);
  const port = await listening(server);
  const connect = async () => {
    const socket = secure
      ? tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: cert })
      : net.connect(port, '127.0.0.1');
    await once(socket, secure ? 'secureConnect' : 'connect');
    sample();
    return new Peer(socket);
  };
  /** Once the server holds a request back: what is to happen meanwhile, and then its answer. */
  const release = async (meanwhile) => {
    const { response, finish } = await holding;
    await meanwhile?.(response);
    finish();
  };
  const read = await play({ connect, release, server, observed });
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  return { read, observed };
}

scenario(async ({ args: [protocol], sample }) => {
  const results = {};
  for (const [name, one] of Object.entries(cases)) {
    console.log(name); // the last one, should this program have to be stopped
    results[name] = await run(one, protocol === 'https', sample);
  }
  return results;
});
