'use strict';

// Random programs around what goes wrong: processes that are killed right after a write's callback, receives that a
// descriptor among the bytes cuts short. Seeds as in fuzz.spec.js:
//
//   IOCP_NET_FUZZ_SEED=n    where to begin
//   IOCP_NET_FUZZ_FAULTS=n  how many programs of each kind

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { createHash } = require('node:crypto');
const fc = require('fast-check');
const { transports } = require('../support/transports.js');
const { inChild } = require('../support/child.js');
const { when, until, turns, listening, close, closed, noteClose } = require('../support/sockets.js');
const { localName, isWindows } = require('../support/local-names.js');

const PROGRAMS = Number(process.env.IOCP_NET_FUZZ_FAULTS ?? (isWindows ? 8 : 24));
const SEED = Number(process.env.IOCP_NET_FUZZ_SEED ?? Math.floor(Math.random() * 1e9));
const AT_ONCE = 4;

const encoding = fc.constantFrom('buffer', 'buffer', 'utf8', 'latin1', 'hex', 'base64', 'utf16le');
const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 3, arbitrary: fc.constantFrom(1, 2047, 2048, 2049, 16_384, 16_385, 65_536) },
  { weight: 1, arbitrary: fc.constantFrom(200_000, 1_000_000, 5_000_000) },
);

/** A child that writes, and is killed by the callback of one of its writes. */
const killed = fc.record({
  writes: fc.array(
    fc.record({ size, encoding, cork: fc.boolean(), block: fc.boolean(), later: fc.boolean() }),
    { minLength: 1, maxLength: 8 },
  ),
  last: fc.nat(7),
  inHandler: fc.boolean(),
});

/** Raw peers that send pieces, some of them with a descriptor, and a server that reads them in its own way. */
const cut = fc.record({
  pieces: fc.array(
    fc.record({
      peer: fc.nat(2),
      size: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20_000 })),
      descriptor: fc.boolean(),
      turns: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
    }),
    { minLength: 3, maxLength: 40 },
  ),
  reads: fc.constantFrom('data', 'data', 'readable', 'pausing', 'onread-like', 'blocking'),
});

const sampleOf = (arbitrary, seed) => fc.sample(fc.noBias(arbitrary), { seed, numRuns: 1 })[0];
const hashOf = (chunks) => {
  const hash = createHash('sha1');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};

/** Bytes that show their connection and their place: printable, so that every encoding carries them. */
function bytesOf(id, offset, length) {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = 33 + (((offset + at) * (id + 1) + id * 7) % 89);
  return bytes;
}

async function inTurn(count, body) {
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < count; n = next++) await body(SEED + n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function playKilled(transport, program) {
  const { net } = transport;
  const server = await listening(net);
  const arrived = when(server, 'connection').then(async ([socket]) => {
    noteClose(socket.on('error', () => {}));
    const chunks = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.write('go');
    await closed(socket);
    return Buffer.concat(chunks).toString('latin1');
  });
  const last = Math.min(program.last, program.writes.length - 1);
  const { reports, signal, code } = await inChild(
    transport,
    (childNet, report, port, { writes, inHandler }, lastWrite) => {
      const wait = new Int32Array(new SharedArrayBuffer(4));
      const socket = childNet.connect(port, '127.0.0.1');
      let offset = 0;
      const die = (error) => {
        report(String(error ?? 'taken'));
        process.kill(process.pid, 'SIGKILL');
      };
      const writeFrom = (n) => {
        if (n === writes.length) return;
        const { size: length, encoding: name, cork, block, later } = writes[n];
        const even = name === 'utf16le' ? length + (length % 2) : length;
        const bytes = Buffer.alloc(even);
        for (let at = 0; at < even; at++) bytes[at] = 33 + ((offset + at) % 89);
        offset += even;
        const callback = n === lastWrite ? die : undefined;
        if (cork) socket.cork();
        if (name === 'buffer') socket.write(bytes, callback);
        else socket.write(bytes.toString(name), name, callback);
        if (cork) socket.uncork();
        if (block) Atomics.wait(wait, 0, 0, 2);
        if (later) setTimeout(writeFrom, 1, n + 1);
        else writeFrom(n + 1);
      };
      socket.once('data', () => (inHandler ? writeFrom(0) : setImmediate(writeFrom, 0)));
    },
    { args: [server.address().port, program, last] },
  );
  const text = await arrived;
  await close(server);
  assert.deepEqual(reports, ['taken']);
  assert.ok(signal === 'SIGKILL' || code !== 0);
  let promised = 0;
  let total = 0;
  for (const [n, { size: length, encoding: name }] of program.writes.entries()) {
    total += name === 'utf16le' ? length + (length % 2) : length;
    if (n === last) promised = total;
  }
  assert.ok(text.length >= promised, `${text.length} of ${promised} bytes came, whose callback had run`);
  assert.ok(text.length <= total);
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) !== 33 + (at % 89)) assert.fail(`another byte at ${at}`);
  }
}

async function playCut({ net }, { pieces, reads }) {
  const { helper } = require('../support/test-addon.js');
  const where = localName();
  const accepted = [];
  const server = net.createServer((socket) => {
    const one = { socket: noteClose(socket.on('error', () => {})), chunks: [], bytes: 0 };
    accepted.push(one);
    const take = (chunk) => {
      one.chunks.push(chunk);
      one.bytes += chunk.length;
    };
    if (reads === 'readable') {
      socket.on('readable', () => {
        for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) take(chunk);
      });
      return;
    }
    const wait = new Int32Array(new SharedArrayBuffer(4));
    socket.on('data', (chunk) => {
      take(chunk);
      if (reads === 'blocking') Atomics.wait(wait, 0, 0, 1);
      if (reads === 'pausing' && one.chunks.length % 3 === 0) {
        socket.pause();
        setImmediate(() => socket.resume());
      }
      if (reads === 'onread-like') Buffer.from(chunk.buffer).fill(0x20, chunk.length); // nobody else's bytes
    });
  });
  server.listen(where);
  await when(server, 'listening');
  const peers = [];
  for (let n = 0; n < 3; n++) {
    const fd = helper.connectUnix(where);
    assert.ok(fd > 0, `connect: ${fd}`);
    await until(() => accepted.length > n, 'a connection');
    peers.push({ fd, sent: [], total: 0 });
  }
  for (const { peer, size: length, descriptor, turns: count } of pieces) {
    const { fd, sent, total } = peers[peer];
    const bytes = bytesOf(peer, total, length);
    // The buffer of the system is smaller than a whole program.
    if (total - accepted[peer].bytes > 60_000)
      await until(() => accepted[peer].bytes >= peers[peer].total, 'room');
    const taken = descriptor ? helper.sendWithDescriptor(fd, bytes) : fs.writeSync(fd, bytes);
    assert.equal(taken, length);
    sent.push(bytes);
    peers[peer].total += length;
    if (count > 0) await turns(count);
  }
  await until(() => peers.every(({ total }, n) => accepted[n].bytes >= total), 'all bytes');
  for (const { fd } of peers) fs.closeSync(fd);
  for (const { socket } of accepted) socket.destroy();
  await Promise.all(accepted.map(({ socket }) => closed(socket)));
  await close(server);
  for (const [n, { sent }] of peers.entries()) assert.equal(hashOf(accepted[n].chunks), hashOf(sent));
}

describe('fuzz: faults', function () {
  this.timeout(600_000);
  const again = (seed, one) =>
    `again: IOCP_NET_FUZZ_SEED=${seed} IOCP_NET_FUZZ_FAULTS=1\n${JSON.stringify(one)}`;
  for (const transport of transports) {
    const play = async (arbitrary, body) => {
      if (transport.error !== null) throw transport.error;
      await inTurn(PROGRAMS, async (seed) => {
        const one = sampleOf(arbitrary, seed);
        await body(transport, one).catch((error) => {
          throw new Error(`${error.message}\n${again(seed, one)}`, { cause: error });
        });
      });
    };
    it(`${PROGRAMS} processes killed by the callback of a write, from seed ${SEED}: ${transport.name}`, () =>
      play(killed, playKilled));
    if (!isWindows) {
      it(`${PROGRAMS} programs of cut receives from seed ${SEED}: ${transport.name}`, () =>
        play(cut, playCut));
    }
  }
});
