'use strict';

// The memory of a chunk belongs to the program that got it: `chunk.buffer` can be looked at and written to.

const assert = require('node:assert/strict');
const { contract } = require('../support/contract.js');
const { when, listening, close, closed, noteClose, pair, turn } = require('../support/sockets.js');

/** Bytes that only connection `id` sends: never 0, in a range of its own. */
const mark = (id) => 1 + (id % 255);

contract('memory of chunks', ({ net, it }) => {
  it('chunk.buffer holds no byte of another connection', async () => {
    const CONNECTIONS = 24;
    const kept = new Map();
    const gone = [];
    const server = await listening(net, {}, (s) => {
      const chunks = [];
      s.on('data', (chunk) => chunks.push(chunk)).on('end', () => s.end());
      s.once('close', () => kept.set(s, chunks));
      gone.push(when(s, 'close'));
    });
    const { port } = server.address();
    const sizes = [1, 10, 64, 500, 1500, 5000, 20_000, 70_000];
    const clients = Array.from({ length: CONNECTIONS }, () => noteClose(net.connect(port, '127.0.0.1')));
    await Promise.all(clients.map((client) => when(client, 'connect')));
    for (const size of sizes) {
      for (const [id, client] of clients.entries()) client.write(Buffer.alloc(size, mark(id)));
      await turn();
    }
    for (const client of clients) client.resume().end();
    await Promise.all(clients.map((client) => closed(client)));
    await close(server);
    await Promise.all(gone); // a server is closed before the last 'close' of its sockets, as over node:net
    assert.equal(kept.size, CONNECTIONS);
    for (const chunks of kept.values()) {
      const own = chunks[0][0];
      let total = 0;
      for (const chunk of chunks) {
        total += chunk.length;
        assert.ok(
          chunk.every((byte) => byte === own),
          'a chunk holds bytes of another connection',
        );
        const foreign = new Uint8Array(chunk.buffer).find((byte) => byte !== own && byte !== 0);
        assert.equal(foreign, undefined, `chunk.buffer holds ${foreign}, its connection sends only ${own}`);
      }
      assert.equal(
        total,
        sizes.reduce((a, b) => a + b),
      );
    }
  });

  it('chunk.buffer holds nothing that was never sent', async () => {
    // Fill the pool and free lists of the process with a pattern, so that uninitialised memory would show it.
    for (let i = 0; i < 200; i++) Buffer.allocUnsafeSlow(1 + ((i * 977) % 66_000)).fill(0xee);
    const { client, accepted, finish } = await pair(net);
    const chunks = [];
    accepted.on('data', (chunk) => chunks.push(chunk));
    for (const size of [3, 100, 1000, 4000, 66_000]) {
      client.write(Buffer.alloc(size, 0x11));
      await turn();
      await turn();
    }
    client.end();
    await when(accepted, 'end');
    for (const chunk of chunks) {
      const stray = new Uint8Array(chunk.buffer).find((byte) => byte !== 0x11 && byte !== 0);
      assert.equal(stray, undefined);
    }
    await finish();
  });

  it('a chunk that is kept does not change, one that is changed changes no other', async () => {
    const { client, accepted, finish } = await pair(net);
    const kept = [];
    const copies = [];
    accepted.on('data', (chunk) => {
      kept.push(chunk);
      copies.push(Buffer.from(chunk));
    });
    for (let i = 0; i < 200; i++) {
      client.write(Buffer.alloc(1 + ((i * 331) % 9000), 1 + (i % 250)));
      if (i % 5 === 0) await turn();
    }
    client.end();
    await when(accepted, 'end');
    for (const [index, chunk] of kept.entries()) {
      assert.equal(Buffer.compare(chunk, copies[index]), 0, 'a chunk changed after it was delivered');
      chunk.fill(0xff);
      if (index + 1 < kept.length) {
        assert.equal(
          Buffer.compare(kept[index + 1], copies[index + 1]),
          0,
          'writing to a chunk changed the next one',
        );
      }
    }
    await finish();
  });

  it('a chunk is a Buffer of its own ArrayBuffer that can be transferred away', async () => {
    const { client, accepted, finish } = await pair(net);
    const received = [];
    accepted.on('data', (chunk) => {
      assert.ok(Buffer.isBuffer(chunk));
      received.push(Buffer.from(chunk));
      structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
      assert.equal(chunk.length, 0);
    });
    const sent = [];
    for (const size of [5, 200, 3000, 100_000, 9]) {
      const chunk = Buffer.alloc(size, size & 255 || 1);
      sent.push(chunk);
      client.write(chunk);
      await turn();
    }
    client.end();
    await when(accepted, 'end');
    assert.equal(Buffer.compare(Buffer.concat(received), Buffer.concat(sent)), 0);
    await finish();
  });

  it('a written buffer may be transferred away after its callback', async () => {
    const { client, accepted, finish } = await pair(net);
    const received = [];
    accepted.on('data', (chunk) => received.push(chunk));
    for (const size of [10, 5000, 300_000]) {
      const bytes = new Uint8Array(size).fill(7);
      await new Promise((resolve) => client.write(bytes, resolve));
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    }
    client.end();
    await when(accepted, 'end');
    const all = Buffer.concat(received);
    assert.equal(all.length, 305_010);
    assert.ok(all.every((byte) => byte === 7));
    await finish();
  });
});
