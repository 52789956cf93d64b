'use strict';

// JavaScript's half of the port, driven without streams: what it promises to the native half and to its endpoints.

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { Worker } = require('node:worker_threads');
const { choice } = require('../support/transports.js');
const { within, deferred } = require('../support/sockets.js');
const { port: openPort } = require('../../dist/net/engine-port.js');
const { loadAddon } = require('../../dist/port/addon.js');
const { CompletionPort } = require('../../dist/port/port.js');
const { SLAB_BYTES, SUBMISSION_CAPACITY } = require('../../dist/port/boundary.js');

const nothing = () => {};

/** An owner that collects the calls that it gets; `on` replaces single methods. */
function owner(on = {}) {
  const seen = { bytes: [], sent: 0, closed: deferred(), connected: deferred() };
  return Object.assign(seen, {
    onConnected: (status) => seen.connected.resolve(status),
    onReceived: (chunk) => seen.bytes.push(chunk),
    borrower: null,
    onEnded: nothing,
    onReceiveFailed: nothing,
    onSent: () => seen.sent++,
    onShut: nothing,
    onClosed: () => seen.closed.resolve(),
    ...on,
  });
}

const text = ({ bytes }) => Buffer.concat(bytes).toString('latin1');

/** Says where two long texts part, and shows neither. */
function assertSame(actual, expected) {
  let at = 0;
  while (at < expected.length && actual[at] === expected[at]) at++;
  assert.deepEqual([at, actual.length, actual[at]], [expected.length, expected.length, undefined]);
}

async function until(condition, what) {
  await within(
    (async () => {
      while (!condition()) await new Promise(setImmediate);
    })(),
    what,
  );
}

const withPort = choice === 'node' ? describe.skip : describe; // node:net alone has no port

withPort('port', function () {
  this.timeout(60_000);
  let port;
  let listener;
  let accepted;
  let closed;

  before(() => {
    port = openPort();
  });
  beforeEach(() => {
    accepted = [];
    closed = deferred();
    listener = port.listen(
      { host: '127.0.0.1', port: 0, family: 4, backlog: 511 },
      {
        onAccepted: (endpoint) => accepted.push(endpoint),
        onAcceptFailed: nothing,
        onClosed: closed.resolve,
      },
    );
    assert.equal(listener.stage, undefined);
  });
  afterEach(async () => {
    listener.close();
    await within(closed.promise, 'the listener');
  });

  const number = () => listener.localAddress().port;

  async function pair() {
    const before = accepted.length;
    const client = port.connect({ host: '127.0.0.1', port: number(), family: 4 });
    client.owner = owner();
    assert.equal(await within(client.owner.connected.promise, 'the connection'), 0);
    await until(() => accepted.length > before, 'the accepted end');
    const server = accepted.at(-1);
    server.owner = owner();
    return { client, server };
  }

  async function closeAll(...endpoints) {
    for (const endpoint of endpoints) endpoint.reset();
    for (const endpoint of endpoints) await within(endpoint.owner.closed.promise, 'an endpoint');
  }

  /** Sends a small piece as a write does: through the slab. */
  const sendSmall = (endpoint, bytes) => endpoint.sendSlab(port.slab.copy(bytes, 0));

  /** Runs the body as a handler of a completion. */
  function inBatch(body) {
    const done = deferred();
    const client = port.connect({ host: '127.0.0.1', port: number(), family: 4 });
    client.owner = owner({
      onConnected() {
        assert.equal(port.dispatching, true);
        try {
          done.resolve(body());
        } catch (error) {
          done.reject(error);
        }
        client.reset();
      },
    });
    return within(done.promise, 'the batch').then(() => within(client.owner.closed.promise, 'its endpoint'));
  }

  it('a write inside of a handler has left when the call is back', async () => {
    const { client, server } = await pair();
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(
      `const net = require('node:net');
       const { workerData: { port, shared } } = require('node:worker_threads');
       net.connect({ port, host: '127.0.0.1' }).once('data', function () {
         Atomics.store(shared, 0, 1);
         Atomics.notify(shared, 0);
         this.destroy();
       });`,
      { eval: true, workerData: { port: number(), shared } },
    );
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    await until(() => accepted.length === 2, 'the peer in the thread');
    const peer = accepted[1];
    peer.owner = owner();
    let answer;
    await inBatch(() => {
      assert.equal(sendSmall(peer, Buffer.from('now')), 3);
      // The peer reads while this handler does not return.
      answer = Atomics.wait(shared, 0, 0, 30_000);
    });
    assert.notEqual(answer, 'timed-out');
    await exited;
    await closeAll(client, server, peer);
  });

  it('more submissions than the ring holds, and writes between them, in their order', async () => {
    const a = await pair();
    const b = await pair();
    const wanted = { a: '', b: '' };
    await inBatch(() => {
      const write = (name, { client, server }, letter, length) => {
        sendSmall(client, Buffer.alloc(length, letter));
        server.stopReceiving();
        server.startReceiving();
        wanted[name] += letter.repeat(length);
      };
      for (let n = 0; n < SUBMISSION_CAPACITY; n++) {
        write(n % 2 ? 'a' : 'b', n % 2 ? a : b, String.fromCharCode(97 + (n % 26)), 1 + (n % 7));
      }
    });
    await until(() => text(a.server.owner).length >= wanted.a.length, 'the bytes of a');
    await until(() => text(b.server.owner).length >= wanted.b.length, 'the bytes of b');
    assertSame(text(a.server.owner), wanted.a);
    assertSame(text(b.server.owner), wanted.b);
    await closeAll(a.client, a.server, b.client, b.server);
  });

  it('the slab is free again after each write, also of what the system did not take', async () => {
    const { client, server } = await pair();
    let wanted = '';
    await inBatch(() => {
      for (let n = 0; wanted.length < 256 * SLAB_BYTES; n++) {
        const bytes = Buffer.alloc(1 + ((n * 977) % SLAB_BYTES), 97 + (n % 26));
        assert.ok(sendSmall(client, bytes) >= 0);
        wanted += bytes.toString('latin1');
      }
    });
    assert.equal(client.stalled, true); // or this spec has not shown the second half
    server.startReceiving();
    await until(
      () => server.owner.bytes.reduce((sum, { length }) => sum + length, 0) >= wanted.length,
      'all',
    );
    assertSame(text(server.owner), wanted);
    await until(() => !client.stalled, 'the end of the stall');
    assert.equal(client.owner.sent, 1);
    await closeAll(client, server);
  });

  if (process.platform !== 'win32') {
    it('a duplicate in the middle of a batch costs no later write its bytes', async () => {
      const { client, server } = await pair();
      server.startReceiving();
      await inBatch(() => {
        sendSmall(client, Buffer.from('before '));
        const descriptor = client.duplicate();
        assert.ok(descriptor > 0);
        require('node:fs').closeSync(descriptor);
        sendSmall(client, Buffer.from('after'));
        sendSmall(client, Buffer.from(' it'));
      });
      await until(() => text(server.owner).length >= 15, 'all bytes');
      assert.equal(text(server.owner), 'before after it');
      await closeAll(client, server);
    });
  }

  // Two senders stall on small writes; both become writable while this thread is busy. What the first one's onSent
  // sends on the second one belongs to the next onSent, not to the one that is waiting in the same batch.
  it('a send between two stalls is not reported as sent, nor given up, by the first one', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(16));
    const worker = new Worker(
      `const net = require('node:net');
       const { workerData: { port, shared } } = require('node:worker_threads');
       const sockets = [0, 1].map(() => net.connect({ port, host: '127.0.0.1' }, () => Atomics.add(shared, 0, 1)));
       let bytes = 0;
       for (const socket of sockets) socket.pause().on('error', () => {}).on('data', (chunk) => (bytes += chunk.length));
       const phase = () => Atomics.load(shared, 1);
       const timer = setInterval(() => {
         if (phase() === 0) return;
         if (phase() === 1) for (const socket of sockets) socket.resume();
         if (phase() === 1 && bytes >= Atomics.load(shared, 2)) {
           for (const socket of sockets) socket.pause();
           Atomics.store(shared, 1, 2);
           Atomics.notify(shared, 1);
         }
         if (phase() === 3) { for (const socket of sockets) socket.destroy(); clearInterval(timer); }
       }, 1);`,
      { eval: true, workerData: { port: number(), shared } },
    );
    try {
      await until(() => accepted.length === 2 && Atomics.load(shared, 0) === 2, 'both peers');
      const [a, b] = accepted;
      const small = Buffer.alloc(1024, 's');
      const large = Buffer.alloc(32 << 20, 'l');
      let written = 0;
      let lateSends = 0;
      const early = [];
      let filled = false; // a system that takes more a little later ends a stall before
      let other = null;
      for (const [endpoint, peer] of [
        [a, b],
        [b, a],
      ]) {
        endpoint.owner = owner({
          onSent() {
            endpoint.owner.sent++;
            if (!filled) return;
            if (other === null) {
              // The other one's onSent is on its way too. Its queue is empty, as far as the native half knows.
              other = peer;
              if (peer.stalled && peer.queuedBytes() === 0) {
                lateSends++;
                assert.ok(peer.send(large, large.length) < large.length);
              }
            } else if (endpoint === other && endpoint.queuedBytes() > 0) {
              early.push({ queued: endpoint.queuedMemory });
            }
          },
        });
      }
      while (!a.stalled || !b.stalled) {
        const endpoint = a.stalled ? b : a;
        for (let n = 0; n < 8 && !endpoint.stalled; n++) {
          sendSmall(endpoint, small);
          written += small.length;
        }
        await new Promise(setImmediate);
      }
      filled = true;
      Atomics.store(shared, 2, written - 64 * 1024);
      Atomics.store(shared, 1, 1);
      // Asleep until both peers have made room, and the system knows: both become writable in one batch.
      assert.notEqual(Atomics.wait(shared, 1, 1, 30_000), 'timed-out');
      Atomics.wait(shared, 3, 0, 20);
      await until(() => other !== null, 'the first onSent');
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (process.platform === 'linux') assert.equal(lateSends, 1, 'the stalls did not end in one batch');
      assert.deepEqual(early, []);
      if (lateSends === 1) assert.ok([other.queuedMemory].flat().includes(large));
      await closeAll(a, b);
    } finally {
      Atomics.store(shared, 1, 3);
      await new Promise((resolve) => worker.once('exit', resolve));
    }
  });

  it('a chunk is exactly as long as its memory, whatever its size', async () => {
    const { client, server } = await pair();
    server.startReceiving();
    const block = Buffer.alloc(64 * 1024);
    for (let at = 0; at < block.length; at++) block[at] = 33 + (at % 89);
    let wanted = '';
    for (let n = 0; n < 32; n++) {
      const bytes = block.subarray(0, 1 + ((n * 8191) % block.length));
      client.send(bytes, bytes.length);
      wanted += bytes.toString('latin1');
      await until(() => text(server.owner).length === wanted.length, 'a block');
    }
    assertSame(text(server.owner), wanted);
    for (const { byteOffset, length, buffer } of server.owner.bytes) {
      assert.deepEqual([byteOffset, buffer.byteLength], [0, length]);
    }
    assert.ok(
      server.owner.bytes.some(({ length }) => length >= 16 * 1024),
      'no large chunk was received',
    );
    await closeAll(client, server);
  });

  // A port whose receives bring less than they could: as the system does it when something lies among the bytes.
  it('receives cut at every length: bytes stay with their connection', async () => {
    const addon = loadAddon();
    let bytesMax = 0;
    let cut = 0;
    const cutting = CompletionPort.open({
      ...addon,
      open(dispatch) {
        const native = addon.open(dispatch);
        const receive = (index, generation, into) => {
          if (into.length > bytesMax) cut++;
          return native.receive(index, generation, into.subarray(0, bytesMax));
        };
        return { ...native, receive };
      },
    });
    const ends = [];
    const gone = deferred();
    const here = cutting.listen(
      { host: '127.0.0.1', port: 0, family: 4, backlog: 511 },
      { onAccepted: (endpoint) => ends.push(endpoint), onAcceptFailed: nothing, onClosed: gone.resolve },
    );
    const clients = [];
    for (let n = 0; n < 4; n++) {
      const client = cutting.connect({ host: '127.0.0.1', port: here.localAddress().port, family: 4 });
      client.owner = owner();
      await within(client.owner.connected.promise, 'the connection');
      await until(() => ends.length > n, 'the accepted end');
      ends[n].owner = owner();
      clients.push(client);
    }
    const own = Buffer.alloc(70_000);
    const hash = (bytes) => createHash('sha1').update(bytes).digest('hex');
    for (const length of [1, 2, 3, 5, 63, 64, 65, 1000, 8191, 8192, 8193, 16_384, 65_535, 65_536]) {
      bytesMax = length;
      const total = Math.min(200_000, 300 * length);
      const sent = clients.map((client, n) => {
        const bytes = Buffer.from(
          Array.from({ length: total }, (_, at) => (at * (n + 3) + length + n) % 251),
        );
        // The last one has memory of its own.
        const receiver = {
          memory: () => own,
          onFilled: (size) => ends[n].owner.bytes.push(Buffer.from(own.subarray(0, size))),
        };
        ends[n].startReceiving(n === 3 ? receiver : null);
        ends[n].owner.bytes = [];
        client.send(bytes, bytes.length);
        return hash(bytes);
      });
      const arrived = () =>
        ends.every(({ owner: { bytes } }) => bytes.reduce((sum, one) => sum + one.length, 0) >= total);
      await until(arrived, 'all bytes');
      for (const [
        n,
        {
          owner: { bytes },
        },
      ] of ends.entries()) {
        assert.equal(hash(Buffer.concat(bytes)), sent[n], `connection ${n}, cut at ${length}`);
        for (const { byteOffset, buffer, length: size } of bytes) {
          if (n < 3) assert.deepEqual([byteOffset, buffer.byteLength], [0, size]);
        }
      }
    }
    assert.ok(cut > 100, `only ${cut} receives were cut`);
    for (const client of [...clients, ...ends]) client.reset();
    for (const client of [...clients, ...ends]) await within(client.owner.closed.promise, 'an endpoint');
    here.close();
    await within(gone.promise, 'the listener');
  });

  it('a receiver gets all bytes in its own memory, and receives no more when it has none', async () => {
    const { client, server } = await pair();
    const memory = Buffer.alloc(1000);
    let got = '';
    let left = 3;
    const receiver = {
      memory: () => (left > 0 ? memory : null),
      onFilled(length) {
        left--;
        got += memory.latin1Slice(0, length);
      },
    };
    server.startReceiving(receiver);
    const wanted = Array.from({ length: 5000 }, (_, n) => String.fromCharCode(97 + (n % 26))).join('');
    sendSmall(client, Buffer.from(wanted));
    await until(() => left === 0, 'three pieces');
    for (let n = 0; n < 10; n++) await new Promise(setImmediate);
    assertSame(got, wanted.slice(0, got.length));
    assert.ok(got.length <= 3000);
    left = Number.POSITIVE_INFINITY;
    server.startReceiving(receiver);
    await until(() => got.length === wanted.length, 'the rest');
    assertSame(got, wanted);
    assert.deepEqual(server.owner.bytes, []);
    await closeAll(client, server);
  });
});
