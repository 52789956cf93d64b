'use strict';

// Bytes of one connection never come out of another one, however receives are cut. A descriptor among the bytes of a
// Unix socket ends a receive early, with more bytes after it.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { createHash } = require('node:crypto');
const { contract } = require('../support/contract.js');
const { when, until, close, closed, noteClose } = require('../support/sockets.js');
const { localName, isWindows } = require('../support/local-names.js');

const hashOf = (chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};

/** Bytes that show their connection and their place. */
function bytesOf(id, length, salt) {
  const bytes = Buffer.alloc(length);
  let state = (id * 2654435761 + salt * 40503) >>> 0;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

if (!isWindows) {
  const { helper } = require('../support/test-addon.js');

  contract('bytes of connections whose receives are cut', ({ net, it }) => {
    /** A server on a path, and `count` raw connections to it; every chunk is kept with its connection. */
    async function raw(count, onData = () => {}) {
      const where = localName();
      const accepted = [];
      const server = net.createServer((socket) => {
        const one = { socket: noteClose(socket), chunks: [], bytes: 0 };
        accepted.push(one);
        socket
          .on('error', () => {})
          .on('data', (chunk) => {
            one.chunks.push(chunk);
            one.bytes += chunk.length;
            onData(one, chunk);
          });
      });
      server.listen(where);
      await when(server, 'listening');
      const peers = [];
      for (let n = 0; n < count; n++) {
        const fd = helper.connectUnix(where);
        assert.ok(fd > 0);
        await until(() => accepted.length === n + 1, 'a connection');
        peers.push({ fd, sent: [], total: 0, ...accepted[n], one: accepted[n] });
      }
      const send = (peer, bytes, withDescriptor = false) => {
        const sent = withDescriptor
          ? helper.sendWithDescriptor(peer.fd, bytes)
          : fs.writeSync(peer.fd, bytes);
        assert.equal(sent, bytes.length);
        peer.sent.push(bytes);
        peer.total += bytes.length;
      };
      const arrived = () => until(() => peers.every(({ one, total }) => one.bytes >= total), 'all bytes');
      const finish = async () => {
        for (const { fd } of peers) fs.closeSync(fd);
        for (const { socket } of accepted) socket.destroy();
        await Promise.all(accepted.map(({ socket }) => closed(socket)));
        await close(server);
      };
      return { peers, send, arrived, finish };
    }

    it('a descriptor at every length into what was announced', async () => {
      const { peers, send, arrived, finish } = await raw(3);
      const lengths = [1, 2, 3, 7, 63, 64, 65, 1000, 4095, 4096, 8191, 8192, 8193, 20_000, 32_768];
      for (const length of lengths) {
        // Much at once, so that the next bytes are announced instead of delivered.
        for (const [id, peer] of peers.entries()) send(peer, bytesOf(id, 20_000, length));
        await arrived();
        for (const [id, peer] of peers.entries()) {
          const message = bytesOf(id, 60_000, length + 1);
          send(peer, message.subarray(0, length), true);
          send(peer, message.subarray(length, 2 * length), true);
          send(peer, message.subarray(2 * length));
        }
        await arrived();
        for (const peer of peers) assert.equal(hashOf(peer.one.chunks), hashOf(peer.sent), `at ${length}`);
      }
      await finish();
    });

    it('while small secrets of others come in the same batch', async () => {
      const { peers, send, arrived, finish } = await raw(5);
      const [large, ...small] = peers;
      for (let round = 0; round < 40; round++) {
        send(large, bytesOf(0, 20_000, round));
        await arrived();
        for (const [id, peer] of small.entries())
          send(peer, Buffer.from(`secret of ${id} in round ${round};`));
        const message = bytesOf(0, 60_000, 1000 + round);
        send(large, message.subarray(0, 1 + round * 500), true);
        send(large, message.subarray(1 + round * 500));
        await arrived();
      }
      for (const peer of peers) assert.equal(hashOf(peer.one.chunks), hashOf(peer.sent));
      await finish();
    });

    it('chunk.buffer is as long as the chunk, cut or not', async () => {
      const wrong = [];
      const { peers, send, arrived, finish } = await raw(2, (_one, chunk) => {
        // node:net may give the rest of a chunk's memory back later, but it never holds other bytes than zeros or its own.
        if (chunk.byteOffset !== 0 && chunk.buffer.byteLength === 8192) wrong.push(chunk.length);
      });
      for (let round = 0; round < 10; round++) {
        for (const [id, peer] of peers.entries()) {
          send(peer, bytesOf(id, 20_000, round));
          send(peer, bytesOf(id, 9_000 + round, round), true);
          send(peer, bytesOf(id, 9_000, round));
        }
        await arrived();
      }
      assert.deepEqual(wrong, []); // a slice of the pool that everybody shares
      for (const peer of peers) assert.equal(hashOf(peer.one.chunks), hashOf(peer.sent));
      await finish();
    });
  });
}
