'use strict';

// Bytes that http's parsers read: the port lends them, and what a program keeps of them is its own.

const assert = require('node:assert/strict');
const http = require('node:http');
const { contract } = require('../support/contract.js');
const { listening, close, closed, noteClose, until, turns, when } = require('../support/sockets.js');
const { helper } = require('../support/test-addon.js');
const { isWindows } = require('../support/local-names.js');

const CONNECTIONS = 6;
const ROUNDS = 4;
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Bytes from here on are in nothing but secrets. */
const FIRST = 0xe0;
/** What only connection `id` sends, of `length` bytes. */
const secret = (id, length) => String.fromCharCode(FIRST + id).repeat(length);
const ownerOf = (byte) => byte - FIRST;

/** An http server whose sockets are those of `net`, and clients that have been answered once. */
async function served(net, server) {
  const carrying = await listening(net, {}, (socket) => server.emit('connection', noteClose(socket)));
  const { port } = carrying.address();
  const clients = [];
  const answers = [];
  for (let id = 0; id < CONNECTIONS; id++) {
    const client = noteClose(net.connect(port, '127.0.0.1'));
    clients.push(client);
    answers.push('');
    client.on('data', (bytes) => {
      answers[id] += bytes;
    });
    await when(client, 'connect');
    client.write(GET);
    await until(() => answers[id].endsWith('served'), 'the first answer');
  }
  const finish = async () => {
    for (const client of clients) client.on('error', () => {}).destroy();
    await Promise.all(clients.map(closed));
    await close(carrying);
    await turns(5);
  };
  return { clients, answers, finish };
}

/** Every byte that can be reached by way of a Buffer is one that its connection sends. */
function assertOwn(bytes, id, of) {
  const secrets = [...new Uint8Array(bytes.buffer)].filter((byte) => byte >= FIRST).map(ownerOf);
  assert.deepEqual([...new Set(secrets)], [id], `${of} shows bytes of other connections`);
}

const answer = (request, response) => {
  request.resume();
  response.end('served');
};

contract('bytes that parsers read', ({ net, it, ours }) => {
  // As in loop-in-handler.spec.js: libuv's loop on Windows does not come back to another connection's bytes there.
  const itInLoop = ours || !isWindows ? it : () => {};

  it('are lent to each parser of a server on the port', async () => {
    if (!ours) return; // node:net's parsers read memory of Node's own
    const { Lending } = require('../../dist/port/lent-bytes.js');
    const { lend } = Lending.prototype;
    const lengths = [];
    Lending.prototype.lend = function (bytes, borrower) {
      lengths.push(bytes.length);
      return lend.call(this, bytes, borrower);
    };
    try {
      const { clients, answers, finish } = await served(net, http.createServer(answer));
      for (const client of clients) client.write(GET);
      await until(() => answers.every((text) => text.split('served').length === 3), 'the answers');
      assert.deepEqual(lengths, Array(2 * CONNECTIONS).fill(GET.length));
      await finish();
    } finally {
      Lending.prototype.lend = lend;
    }
  });

  for (const [how, replace] of [
    [
      'a function',
      (execute, keep) =>
        function (bytes) {
          keep(bytes);
          return execute.call(this, bytes);
        },
    ],
    [
      'a proxy',
      (execute, keep) =>
        new Proxy(execute, {
          apply(target, self, [bytes]) {
            keep(bytes);
            return Reflect.apply(target, self, [bytes]);
          },
        }),
    ],
  ]) {
    it(`are never lent to ${how} in the place of 'execute'`, async () => {
      const kept = [];
      const server = http.createServer((request, response) => {
        const { parser } = request.socket;
        if (!Object.hasOwn(parser, 'execute')) {
          parser.execute = replace(parser.execute, (bytes) => kept.push(bytes));
          request.socket.on('close', () => delete parser.execute); // http keeps its parsers
        }
        answer(request, response);
      });
      const { clients, answers, finish } = await served(net, server);
      for (const [id, client] of clients.entries()) {
        client.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Own: ${secret(id, 20)}\r\n\r\n`, 'latin1');
      }
      await until(() => answers.every((text) => text.split('served').length === 3), 'the answers');
      for (const bytes of kept) {
        const own = bytes.find((byte) => byte >= FIRST);
        if (own !== undefined) assertOwn(bytes, ownerOf(own), 'what was kept');
      }
      if (ours) assert.equal(kept.length, CONNECTIONS);
      await finish();
    });
  }

  it('a head that comes in pieces, with those of others between them, is whole', async () => {
    const seen = [];
    const server = http.createServer((request, response) => {
      request.resume().on('end', () => {
        if (request.url === '/') return;
        seen.push([request.url, request.headers['x-own'], request.trailers['x-last']]);
      });
      request.on('end', () => response.end('served'));
    });
    const { clients, answers, finish } = await served(net, server);
    const whole = (id) =>
      `POST /${id} HTTP/1.1\r\nHost: localhost\r\nX-Own: ${secret(id, 40)}\r\nTransfer-Encoding: chunked\r\n\r\n` +
      `3\r\nabc\r\n0\r\nX-Last: ${secret(id, 40)}\r\n\r\n`;
    const length = whole(0).length;
    for (let at = 0; at < length; at += 11) {
      for (const [id, client] of clients.entries()) client.write(whole(id).slice(at, at + 11), 'latin1');
      await turns(2);
    }
    await until(() => answers.every((text) => text.split('served').length === 3), 'the answers');
    assert.deepEqual(
      seen.sort(),
      clients.map((_, id) => [`/${id}`, secret(id, 40), secret(id, 40)]),
    );
    await finish();
  });

  it('a large body that is kept stays what it was', async () => {
    const LENGTH = 200_000;
    const kept = new Map();
    const server = http.createServer((request, response) => {
      const pieces = [];
      kept.set(request.headers['x-own'], pieces);
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => response.end('served'));
    });
    const { clients, answers, finish } = await served(net, server);
    for (const [id, client] of clients.entries()) {
      client.write(`POST / HTTP/1.1\r\nHost: localhost\r\nX-Own: ${id}\r\nContent-Length: ${LENGTH}\r\n\r\n`);
      client.write(secret(id, LENGTH), 'latin1');
    }
    await until(() => answers.every((text) => text.split('served').length === 3), 'the answers');
    for (const [id] of clients.entries()) {
      const pieces = kept.get(String(id));
      assert.equal(Buffer.concat(pieces).length, LENGTH);
      for (const piece of pieces) assertOwn(piece, id, 'a piece');
    }
    await finish();
  });

  it('a body that is kept stays what it was', async () => {
    const kept = [];
    const server = http.createServer((request, response) => {
      request.on('data', (piece) => kept.push(piece));
      request.on('end', () => response.end('served'));
    });
    const { clients, answers, finish } = await served(net, server);
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [id, client] of clients.entries()) {
        client.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${9 * round}\r\n\r\n`);
        client.write(secret(id, 9 * round), 'latin1');
      }
      await until(() => answers.every((text) => text.split('served').length === round + 2), 'the answers');
    }
    assert.equal(
      Buffer.concat(kept).toString('latin1').split('').sort().join(''),
      clients.map((_, id) => secret(id, (9 * ROUNDS * (ROUNDS + 1)) / 2)).join(''),
    );
    for (const piece of kept) {
      assert.equal(new Set(piece).size, 1);
      assertOwn(piece, ownerOf(piece[0]), 'a body');
    }
    await finish();
  });

  for (const [event, head] of [
    ['upgrade', 'GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
    ['connect', 'CONNECT host:80 HTTP/1.1\r\nHost: host:80\r\n\r\n'],
  ]) {
    it(`the head of '${event}' that is kept stays what it was`, async () => {
      const kept = new Map();
      const more = new Map();
      const server = http.createServer(answer);
      server.on(event, (_request, socket, bytes) => {
        const id = ownerOf(bytes[0]);
        kept.set(id, bytes);
        more.set(id, '');
        socket.on('data', (chunk) => more.set(id, more.get(id) + chunk.toString('latin1')));
      });
      const { clients, finish } = await served(net, server);
      for (const [id, client] of clients.entries()) client.write(head + secret(id, 30), 'latin1');
      await until(() => kept.size === CONNECTIONS, 'the heads');
      for (const [id, client] of clients.entries()) client.write(secret(id, 500), 'latin1');
      await until(() => [...more.values()].every(({ length }) => length === 500), 'the rest');
      for (const [id, bytes] of kept) {
        assert.equal(bytes.toString('latin1'), secret(id, 30));
        assertOwn(bytes, id, 'a head');
        assert.equal(more.get(id), secret(id, 500));
      }
      await finish();
    });
  }

  it("the packet of 'clientError' that is kept stays what it was", async () => {
    const kept = new Map();
    const server = http.createServer(answer);
    server.on('clientError', ({ code, rawPacket, bytesParsed }, socket) => {
      kept.set(ownerOf(rawPacket.at(-1)), { code, rawPacket, bytesParsed });
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\nserved');
    });
    const { clients, answers, finish } = await served(net, server);
    for (const [id, client] of clients.entries()) client.write(`NO SUCH\r\n\r\n${secret(id, 40)}`, 'latin1');
    await until(() => kept.size === CONNECTIONS, 'the packets');
    const codes = new Set();
    for (const [id, { code, rawPacket, bytesParsed }] of kept) {
      codes.add(`${code} ${bytesParsed}`);
      assert.equal(rawPacket.toString('latin1'), `NO SUCH\r\n\r\n${secret(id, 40)}`);
      assertOwn(rawPacket, id, 'a packet');
    }
    assert.equal(codes.size, 1);
    await until(() => answers.every((text) => text.split('served').length === 3), 'the answers');
    await finish();
  });

  itInLoop('a handler that turns the loop loses no byte of what its parser still reads', async () => {
    const seen = [];
    const server = http.createServer((request, response) => {
      const { url } = request;
      if (url === '/outer') {
        const before = seen.length;
        for (let n = 0; n < 10_000 && seen.length < before + CONNECTIONS - 1; n++) {
          helper.turnLoop(false);
          process._tickCallback(); // as deasync does
        }
      }
      let body = '';
      request.on('data', (piece) => (body += piece.toString('latin1')));
      request.on('end', () => {
        if (url !== '/') seen.push([url, request.headers['x-own'], body]);
        response.end('served');
      });
    });
    const { clients, finish } = await served(net, server);
    const post = (url, id) =>
      `POST ${url} HTTP/1.1\r\nHost: localhost\r\nX-Own: ${secret(id, 20)}\r\nContent-Length: 50\r\n\r\n${secret(id, 50)}`;
    // The outer request comes with one behind it, which its parser reads when the others have been served.
    for (const [id, client] of clients.entries()) {
      client.write(id === 0 ? post('/outer', id) + post('/behind', id) : post('/inner', id), 'latin1');
    }
    await until(() => seen.length === CONNECTIONS + 1, 'all requests');
    for (const [url, own, body] of seen) {
      const id = ownerOf(own.charCodeAt(0));
      assert.deepEqual([url, own, body], [url, secret(id, 20), secret(id, 50)]);
    }
    assert.deepEqual(
      seen.map(([url]) => url).sort(),
      ['/behind', ...Array(CONNECTIONS - 1).fill('/inner'), '/outer'].sort(),
    );
    await finish();
  });
});
