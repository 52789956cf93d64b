'use strict';

// What a socket keeps of its connection: one object, which a socket that connects anew replaces.

const assert = require('node:assert/strict');
const events = require('node:events');
const builtin = require('node:net');
const { choice } = require('../support/transports.js');

const withPort = choice === 'node' ? describe.skip : describe; // node:net alone has no port

withPort('connection', () => {
  let net;
  let kConnection;
  let server;
  let client;

  before(() => {
    net = require('../../dist/index.js');
    ({ kConnection } = require('../../dist/net/state.js'));
  });
  beforeEach(async () => {
    server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await events.once(server, 'listening');
    client = net.connect(server.address().port, '127.0.0.1');
    await events.once(client, 'connect');
  });
  afterEach(async () => {
    client.destroy();
    server.close();
    await events.once(server, 'close');
  });

  async function connectAnew() {
    client.destroy();
    client.connect(server.address().port, '127.0.0.1');
    await events.once(client, 'connect');
  }

  it('is the one thing that a socket has under a symbol of ours', () => {
    const theirs = new Set(Object.getOwnPropertySymbols(new builtin.Socket()).map(String));
    const ours = Object.getOwnPropertySymbols(new net.Socket()).map(String);
    assert.deepEqual(
      ours.filter((name) => !theirs.has(name)),
      ['Symbol(connection)'],
    );
  });

  it('is another one when the socket connects anew: what comes of the former does not reach it', async () => {
    const former = client[kConnection];
    await connectAnew();
    assert.notEqual(client[kConnection], former);
    const seen = [];
    for (const event of ['data', 'end', 'error', 'close']) client.on(event, () => seen.push(event));
    former.onReceived(Buffer.from('late'));
    former.onEnded();
    former.onReceiveFailed(-1);
    former.onSent(-1);
    assert.deepEqual(
      { seen, destroyed: client.destroyed, read: client.bytesRead },
      { seen: [], destroyed: false, read: 0 },
    );
  });

  it('keeps the callback of its own write: the next one does not end it', () => {
    const former = new net.Socket()[kConnection];
    const ended = [];
    former.settle(1, 2, (error) => ended.push(['former', error]));
    const next = former.next();
    next.settle(1, 2, (error) => ended.push(['next', error]));
    former.onSent(0);
    assert.deepEqual(ended, [['former', null]]);
    next.onSent(0);
    assert.deepEqual(ended, [
      ['former', null],
      ['next', null],
    ]);
  });

  it('has one sink for all streams, and one of its own for onread', () => {
    const plain = [new net.Socket(), client].map((socket) => socket[kConnection].sink);
    assert.equal(plain[0], plain[1]);
    const onread = { buffer: Buffer.alloc(1), callback: () => true };
    assert.notEqual(new net.Socket({ onread })[kConnection].sink, plain[0]);
  });
});
