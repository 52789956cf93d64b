'use strict';

// JavaScript's half of the port, driven without streams: what it promises to the native half and to its endpoints.

const assert = require('node:assert/strict');
const { Worker } = require('node:worker_threads');
const { choice } = require('../support/transports.js');
const { within, deferred } = require('../support/sockets.js');
const { port: openPort } = require('../../dist/net/engine-port.js');

const nothing = () => {};

/** An owner that gathers what it is told; `on` replaces single methods. */
function owner(on = {}) {
  const heard = { bytes: [], sent: 0, closed: deferred(), connected: deferred() };
  return Object.assign(heard, {
    onConnected: (status) => heard.connected.resolve(status),
    onReceived: (arena, offset, length) =>
      heard.bytes.push(Buffer.from(arena.subarray(offset, offset + length))),
    onReceivedChunk: (chunk) => heard.bytes.push(chunk),
    onEnded: nothing,
    onReceiveFailed: nothing,
    onSent: () => heard.sent++,
    onShut: nothing,
    onClosed: () => heard.closed.resolve(),
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

  /** Runs the body as a handler of a completion: what it submits leaves with the batch. */
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

  it('a full submission ring does not let two writes share a place in the slab', async () => {
    const a = await pair();
    const b = await pair();
    for (const { server } of [a, b]) server.startReceiving();
    const capacity = port.layout.submissionCapacity;
    const wanted = { a: '', b: '' };
    await inBatch(() => {
      const write = (name, { client }, letter, length) => {
        client.sendSmall(Buffer.alloc(length, letter));
        wanted[name] += letter.repeat(length);
      };
      // In turn, so that no write extends the record before it. The last ones come after the ring was full.
      for (let n = 0; n < capacity; n++) write(n % 2 ? 'a' : 'b', n % 2 ? a : b, n % 2 ? 'a' : 'b', 1);
      write('b', b, 'B', 1);
      write('a', a, 'A', 2048);
      write('b', b, 'C', 2048);
    });
    await until(() => text(a.server.owner).length >= wanted.a.length, 'the bytes of a');
    await until(() => text(b.server.owner).length >= wanted.b.length, 'the bytes of b');
    assertSame(text(a.server.owner), wanted.a);
    assertSame(text(b.server.owner), wanted.b);
    await closeAll(a.client, a.server, b.client, b.server);
  });

  it('a full slab sends what is in it and goes on', async () => {
    const { client, server } = await pair();
    server.startReceiving();
    let wanted = '';
    await inBatch(() => {
      for (let n = 0; wanted.length < 3 * port.layout.slabBytes; n++) {
        const bytes = Buffer.alloc(1 + ((n * 977) % 2048), 97 + (n % 26));
        client.sendSmall(bytes);
        wanted += bytes.toString('latin1');
      }
    });
    await until(() => text(server.owner).length >= wanted.length, 'all bytes');
    assertSame(text(server.owner), wanted);
    await closeAll(client, server);
  });

  if (process.platform !== 'win32') {
    it('a duplicate in the middle of a batch costs no later write its bytes', async () => {
      const { client, server } = await pair();
      server.startReceiving();
      await inBatch(() => {
        client.sendSmall(Buffer.from('before '));
        const descriptor = client.duplicate();
        assert.ok(descriptor > 0);
        require('node:fs').closeSync(descriptor);
        client.sendSmall(Buffer.from('after'));
        client.sendSmall(Buffer.from(' it'));
      });
      await until(() => text(server.owner).length >= 15, 'all bytes');
      assert.equal(text(server.owner), 'before after it');
      await closeAll(client, server);
    });
  }

  // Two senders stall on small writes; both become writable while this thread is busy. What the first one's onSent
  // sends on the second one belongs to the next onSent, not to the one that is waiting in the same batch.
  it('a send between two stalls is not told as sent, nor given up, by the first one', async () => {
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
      let other = null;
      for (const [endpoint, peer] of [
        [a, b],
        [b, a],
      ]) {
        endpoint.owner = owner({
          onSent() {
            endpoint.owner.sent++;
            if (other === null) {
              // The other one's onSent is on its way too. Its queue is empty, as far as the native half knows.
              other = peer;
              if (peer.stalled && peer.queuedBytes() === 0) {
                lateSends++;
                assert.ok(peer.send(large, large.length) < large.length);
              }
            } else if (endpoint === other && endpoint.queuedBytes() > 0) {
              early.push({ held: endpoint.held });
            }
          },
        });
      }
      for (const endpoint of [a, b]) {
        while (!endpoint.stalled) {
          for (let n = 0; n < 8 && !endpoint.stalled; n++) {
            endpoint.sendSmall(small);
            written += small.length;
          }
          await new Promise(setImmediate);
        }
      }
      Atomics.store(shared, 2, written - 64 * 1024);
      Atomics.store(shared, 1, 1);
      // Asleep until both peers have made room: both become writable in one batch.
      assert.notEqual(Atomics.wait(shared, 1, 1, 30_000), 'timed-out');
      await until(() => other !== null, 'the first onSent');
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (process.platform === 'linux') assert.equal(lateSends, 1, 'the stalls did not end in one batch');
      assert.deepEqual(early, []);
      if (lateSends === 1) assert.equal(other.held, large);
      await closeAll(a, b);
    } finally {
      Atomics.store(shared, 1, 3);
      await new Promise((resolve) => worker.once('exit', resolve));
    }
  });

  for (const readThrough of [false, true]) {
    it(`large chunks ${readThrough ? 'that are only read through come through the arena' : 'get memory of their own'}`, async () => {
      const { client, server } = await pair();
      let own = 0;
      server.owner = owner({
        onReceivedChunk(chunk) {
          own++;
          server.owner.bytes.push(chunk);
        },
      });
      server.startReceiving(readThrough);
      const block = Buffer.alloc(64 * 1024);
      for (let at = 0; at < block.length; at++) block[at] = 33 + (at % 89);
      let wanted = '';
      for (let n = 0; n < 32; n++) {
        client.send(block, block.length);
        wanted += block.toString('latin1');
        await until(() => text(server.owner).length === wanted.length, 'a block');
      }
      assertSame(text(server.owner), wanted);
      assert.equal(own > 0, !readThrough);
      await closeAll(client, server);
    });
  }
});
