'use strict';
// Sockets of one process that talk to each other over loopback: a write and a chunk through the whole facade, kernel
// included, on node:net and on iocp-net.
const path = require('node:path');
const { once } = require('node:events');
const { measureAsync } = require('./measure.cjs');

const TRANSPORTS = {
  'node:net': () => require('node:net'),
  'iocp-net': () => require(path.join(__dirname, '..', '..')),
};
const PAIRS = 64;
const ROUNDS = 40;
const WRITES = 16;

async function connectPairs(net) {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const pairs = [];
  for (let i = 0; i < PAIRS; i++) {
    const client = net.connect(server.address().port, '127.0.0.1');
    const [accepted] = await once(server, 'connection');
    for (const socket of [client, accepted]) socket.setNoDelay(true);
    pairs.push({ client, accepted });
  }
  return { server, pairs };
}

function close({ server, pairs }) {
  for (const { client, accepted } of pairs) {
    client.destroy();
    accepted.destroy();
  }
  server.close();
}

/** Every pair exchanges a message of this size, ROUNDS times; nanoseconds for one chunk that was written and came. */
async function chunks(connected, bytes) {
  const message = Buffer.alloc(bytes, 1);
  const start = process.hrtime.bigint();
  await Promise.all(
    connected.pairs.map(({ client, accepted }) => {
      let left = ROUNDS * bytes;
      return new Promise((resolve) => {
        const echo = (chunk) => accepted.write(chunk);
        accepted.on('data', echo);
        let received = 0;
        const next = (chunk) => {
          left -= chunk.length;
          received += chunk.length;
          if (left <= 0) {
            accepted.off('data', echo);
            client.off('data', next);
            resolve();
          } else if (received >= bytes) {
            received -= bytes;
            client.write(message);
          }
        };
        client.on('data', next);
        client.write(message);
      });
    }),
  );
  return Number(process.hrtime.bigint() - start) / (PAIRS * ROUNDS * 2);
}

/** Many small writes in one turn: nanoseconds that each call of write takes, before anything is sent on. */
async function writes(connected, message) {
  let ns = 0n;
  let calls = 0;
  for (const { client, accepted } of connected.pairs) {
    const bytes = WRITES * Buffer.byteLength(message);
    await new Promise((resolve) => {
      let left = bytes;
      const take = (chunk) => {
        left -= chunk.length;
        if (left > 0) return;
        client.off('data', take);
        resolve();
      };
      client.on('data', take);
      accepted.once('data', () => {
        const start = process.hrtime.bigint();
        for (let i = 0; i < WRITES; i++) accepted.write(message);
        ns += process.hrtime.bigint() - start;
        calls += WRITES;
      });
      client.write('?');
    });
  }
  return Number(ns) / calls;
}

const PIECES = [
  ['one 64 B chunk: written, sent, received, emitted', (connected) => chunks(connected, 64)],
  ['one 16 KiB chunk: written, sent, received, emitted', (connected) => chunks(connected, 16 * 1024)],
  ['one write of a 64 B Buffer, 16 in a turn', (connected) => writes(connected, Buffer.alloc(64, 1))],
  ['one write of a 64 character string, 16 in a turn', (connected) => writes(connected, 'x'.repeat(64))],
];

exports.rows = async () => {
  const rows = [];
  for (const [title, work] of PIECES) {
    for (const [name, load] of Object.entries(TRANSPORTS)) {
      const connected = await connectPairs(load());
      try {
        rows.push({ title: `${title} (${name})`, ...(await measureAsync(() => work(connected))) });
      } finally {
        close(connected);
      }
    }
  }
  return rows;
};
