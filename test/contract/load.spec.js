'use strict';

// The two heavy ones: much at once, and many one after the other. Counted, not timed.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { contract } = require('../support/contract.js');
const { census } = require('../support/leaks.js');
const { counters } = require('../support/transports.js');
const { when, listening, close, closed, noteClose, until } = require('../support/sockets.js');

const LOAD_GUARD_MS = 600_000;
const CONNECTIONS = 200;
const BYTES_EACH = 5 * 1024 * 1024;
const SEQUENTIAL = 10_000;

contract(
  'load',
  ({ net, it, ours }) => {
    it(`${CONNECTIONS} connections echo ${BYTES_EACH >> 20} MiB each, SHA-256 equal both ways`, async function () {
      this.timeout(LOAD_GUARD_MS);
      const serverHashes = new Map();
      const server = await listening(net, { allowHalfOpen: true }, (s) => {
        const hash = crypto.createHash('sha256');
        const port = s.remotePort;
        s.on('data', (chunk) => {
          hash.update(chunk);
          if (!s.write(chunk)) s.pause();
        });
        s.on('drain', () => s.resume());
        s.on('end', () => {
          serverHashes.set(port, hash.digest('hex'));
          s.end();
        });
      });
      // One random sample; every connection sends its own mix of it, so that a mix-up changes a hash.
      const sample = crypto.randomBytes(1024 * 1024);
      const client = (id) =>
        new Promise((resolve, reject) => {
          const sent = crypto.createHash('sha256');
          const received = crypto.createHash('sha256');
          const socket = net.connect({ port: server.address().port, host: '127.0.0.1' });
          let left = BYTES_EACH;
          let back = 0;
          let port;
          let offset = (id * 4099) % sample.length;
          const write = () => {
            while (left > 0) {
              const size = Math.min(left, sample.length - offset, 1 + crypto.randomInt(200_000));
              const chunk = sample.subarray(offset, offset + size);
              offset = (offset + size) % sample.length;
              left -= size;
              sent.update(chunk);
              if (!socket.write(chunk)) return;
            }
            socket.removeListener('drain', write);
            socket.end();
          };
          socket.on('connect', () => {
            port = socket.localPort;
            write();
          });
          socket.on('drain', write);
          socket.on('data', (chunk) => {
            back += chunk.length;
            received.update(chunk);
          });
          socket.on('error', reject);
          socket.on('close', () =>
            resolve({ port, back, sent: sent.digest('hex'), received: received.digest('hex') }),
          );
        });
      const results = await Promise.all(Array.from({ length: CONNECTIONS }, (_, id) => client(id)));
      for (const { port, back, sent, received } of results) {
        assert.equal(back, BYTES_EACH);
        assert.equal(received, sent);
        assert.equal(serverHashes.get(port), sent);
      }
      assert.equal(serverHashes.size, CONNECTIONS);
      await close(server);
    });

    it(`${SEQUENTIAL} connections one after the other leave nothing behind`, async function () {
      this.timeout(LOAD_GUARD_MS);
      const server = await listening(net, {}, (s) => s.pipe(s));
      const { port } = server.address();
      const before = census();
      const countersBefore = ours ? counters() : {};
      // Three ways to go: ended, destroyed, reset. Most reset: what was ended leaves its port in TIME_WAIT.
      for (let i = 0; i < SEQUENTIAL; i++) {
        const arrives = when(server, 'connection');
        const socket = noteClose(net.connect(port, '127.0.0.1'));
        const [accepted] = await arrives;
        noteClose(accepted).on('error', () => {});
        if (i % 10 === 0) socket.resume().end('x');
        else if (i % 10 === 1) socket.destroy();
        else {
          if (socket.connecting) await when(socket, 'connect');
          socket.resetAndDestroy();
        }
        await Promise.all([closed(socket), closed(accepted)]);
      }
      const back = () => {
        const now = census();
        return Object.keys(now).every((key) => now[key] <= (before[key] ?? 0));
      };
      await until(back, 'every descriptor, handle and endpoint given back');
      if (ours) {
        const now = counters();
        assert.ok(now.completions - countersBefore.completions >= SEQUENTIAL);
      }
      assert.equal(await new Promise((resolve) => server.getConnections((_, count) => resolve(count))), 0);
      await close(server);
    });
  },
  { heavy: true },
);
