'use strict';

// TLS over sockets that are connected already.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const tls = require('node:tls');

const fixture = (name) => fs.readFileSync(path.join(__dirname, '../program/fixtures', name));
const identity = { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem') };

const asServer = (socket, options) => new tls.TLSSocket(socket, { isServer: true, ...identity, ...options });
const asClient = (socket, options) => tls.connect({ socket, rejectUnauthorized: false, ...options });

const CHUNK_BYTES = 256 * 1024;

/** `total` bytes that no error of order or place leaves as they are, and their digest when all were produced. */
function bytesOf(total, seed) {
  const block = Buffer.alloc(CHUNK_BYTES);
  for (let i = 0; i < block.length; i += 4)
    block.writeUInt32LE((Math.imul(i + 1, 2_654_435_761) ^ seed) >>> 0, i);
  const hash = crypto.createHash('sha256');
  let made = 0;
  const source = new Readable({
    highWaterMark: 4 * CHUNK_BYTES,
    read() {
      const length = Math.min(CHUNK_BYTES - (made % 7), total - made);
      if (length === 0) return void this.push(null);
      const chunk = Buffer.from(block.subarray(0, length));
      chunk.writeUInt32LE(made >>> 0, 0);
      made += length;
      hash.update(chunk);
      this.push(chunk);
    },
  });
  return { source, digest: () => hash.digest('hex') };
}

/** Sends `total` bytes over the stream and takes as many from it; resolves with both digests, and ends nothing. */
async function exchange(duplex, total, seed) {
  const { source, digest } = bytesOf(total, seed);
  const hash = crypto.createHash('sha256');
  let bytes = 0;
  const received = new Promise((resolve, reject) => {
    duplex.on('data', (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes >= total) resolve();
    });
    duplex.on('error', reject);
    duplex.on('close', () => reject(new Error(`closed after ${bytes} of ${total} bytes`)));
  });
  const sent = new Promise((resolve) => source.once('end', resolve));
  source.pipe(duplex, { end: false });
  await Promise.all([sent, received]);
  return { sent: digest(), received: hash.digest('hex'), bytes };
}

module.exports = { identity, asServer, asClient, bytesOf, exchange, fixture };
