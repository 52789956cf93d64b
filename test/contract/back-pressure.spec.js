'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, pair, closed, collect, turn, turns, until } = require('../support/sockets.js');

const CHUNK = 64 * 1024;
// More than any system takes into its buffers on loopback.
const FLOOD = 64 * 1024 * 1024;
const SURELY_WAITS = FLOOD / 4;

/** Writes until the system takes no more: the queue has not shrunk for many turns. */
async function flood(socket) {
  const chunk = Buffer.alloc(CHUNK, 'f');
  let quiet = 0;
  let queued = 0;
  while (quiet < 50 || socket.writableLength === 0) {
    if (socket.writableLength === 0) {
      socket.write(chunk);
      queued += CHUNK;
      quiet = 0;
      assert.ok(queued <= FLOOD, 'the peer does not read, and still everything is taken');
    } else quiet++;
    await turn();
  }
  return queued;
}

contract('back-pressure', ({ net, it }) => {
  it("write returns false at the high-water mark, and 'drain' comes when all is taken", async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    const chunk = Buffer.alloc(CHUNK);
    let written = 0;
    // So much that also a system which takes more a little later does not take all of it.
    while (client.write(chunk) || client.writableLength < SURELY_WAITS) {
      written += CHUNK;
      if (client.writableLength === 0) await turn();
    }
    written += CHUNK;
    assert.equal(client.writableNeedDrain, true);
    assert.ok(client.writableLength >= client.writableHighWaterMark);
    let drains = 0;
    client.on('drain', () => drains++);
    await turns(20);
    assert.equal(drains, 0, 'nobody has read yet');
    accepted.resume();
    await when(client, 'drain');
    assert.equal(client.writableLength, 0);
    assert.equal(client.writableNeedDrain, false);
    client.end();
    await when(accepted, 'end');
    assert.equal(accepted.bytesRead, written);
    await finish();
  });

  it('a paused reader takes no more than its buffer holds', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    accepted.read(0);
    await flood(client);
    await until(() => accepted.readableLength >= accepted.readableHighWaterMark, 'a full buffer');
    await turns(20);
    const held = accepted.readableLength;
    const read = accepted.bytesRead;
    assert.ok(
      held <= accepted.readableHighWaterMark + 2 * CHUNK,
      `${held} bytes are held for a reader that is paused`,
    );
    assert.equal(read, held);
    await turns(20);
    assert.equal(accepted.bytesRead, read, 'reading went on');
    await finish();
  });

  it('pause inside a data handler stops the next data, resume brings the rest', async () => {
    const { client, accepted, finish } = await pair(net);
    const total = 3_000_000;
    let received = 0;
    let paused = false;
    accepted.on('data', (chunk) => {
      assert.equal(paused, false, 'data while paused');
      received += chunk.length;
      paused = true;
      accepted.pause();
      setImmediate(() => {
        paused = false;
        accepted.resume();
      });
    });
    client.end(Buffer.alloc(total));
    await when(accepted, 'end');
    assert.equal(received, total);
    await finish();
  });

  it('a slow reader by hand gets every byte in order', async () => {
    const { client, accepted, finish } = await pair(net);
    const sent = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 7) ^ (i >> 9)));
    client.end(sent);
    const got = [];
    let most = 0;
    accepted.on('readable', () => {
      most = Math.max(most, accepted.readableLength);
      for (
        let chunk = accepted.read(1000) ?? accepted.read();
        chunk !== null;
        chunk = accepted.read(1000) ?? accepted.read()
      ) {
        got.push(chunk);
      }
    });
    await when(accepted, 'end');
    assert.equal(Buffer.compare(Buffer.concat(got), sent), 0);
    assert.ok(most <= accepted.readableHighWaterMark + 2 * CHUNK, `${most} bytes were held`);
    await finish();
  });

  it('memory stays bounded when an echo is not read back', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pipe(accepted);
    client.pause();
    const queued = await flood(client);
    const held = accepted.readableLength + accepted.writableLength;
    assert.ok(
      held <= accepted.readableHighWaterMark + accepted.writableHighWaterMark + 4 * CHUNK,
      `${held} bytes held`,
    );
    let back = 0;
    client.on('data', (chunk) => (back += chunk.length));
    client.end();
    client.resume();
    await Promise.all([closed(client), closed(accepted)]);
    assert.equal(back, queued);
    await finish();
  });

  it('pipe keeps pace between a fast and a slow connection', async () => {
    const left = await pair(net);
    const right = await pair(net);
    left.accepted.pipe(right.client);
    right.accepted.pause();
    const queued = await flood(left.client);
    const held = left.accepted.readableLength + right.client.writableLength;
    assert.ok(
      held <= 4 * CHUNK + left.accepted.readableHighWaterMark + right.client.writableHighWaterMark,
      `${held} held`,
    );
    const received = collect(right.accepted.resume());
    left.client.end();
    assert.equal((await received).length, queued);
    await left.finish();
    await right.finish();
  });

  it('a reader that never reads does not keep others waiting', async () => {
    const stuck = await pair(net);
    stuck.accepted.pause();
    await flood(stuck.client);
    const free = await pair(net);
    const received = collect(free.accepted);
    free.client.end(Buffer.alloc(1_000_000));
    assert.equal((await received).length, 1_000_000);
    await free.finish();
    await stuck.finish();
  });
});

differential('back-pressure', ({ same }) => {
  for (const highWaterMark of [0, 1, 100, 16_384]) {
    same(`what write returns around a mark of ${highWaterMark}`, async (net, trace) => {
      const { client, accepted, finish } = await pair(net, { client: { highWaterMark } });
      accepted.resume();
      for (const size of [0, 1, 99, 100, 101, 20_000]) {
        if (client.writableNeedDrain) await when(client, 'drain');
        await until(() => client.writableLength === 0, 'an empty queue');
        trace.push(`write ${size}`, client.write(Buffer.alloc(size)), client.writableNeedDrain);
      }
      trace.push('mark', client.writableHighWaterMark, client.readableHighWaterMark);
      await finish();
    });
  }

  same('pause and resume: flags and events', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    trace.watch('s', accepted, ['pause', 'resume', 'data', 'end']);
    trace.push('start', accepted.isPaused(), accepted.readableFlowing);
    trace.push('pause', accepted.pause() === accepted, accepted.isPaused(), accepted.readableFlowing);
    client.end('held back');
    await when(client, 'finish');
    await turns(5);
    trace.push('before resume', accepted.bytesRead > 9);
    trace.push('resume', accepted.resume() === accepted, accepted.isPaused(), accepted.readableFlowing);
    await when(accepted, 'end');
    await finish();
  });

  same("destroy while a write waits: no 'drain', no 'finish'", async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    trace.watch('C', client, ['drain', 'finish', 'error', 'close']);
    await flood(client);
    client.write(Buffer.alloc(CHUNK), (error) => trace.push('callback', error));
    client.destroy();
    await closed(client);
    await turn();
    await finish();
  });

  same('data that arrived is kept while paused and given after the peer is gone', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    accepted.read(0);
    client.end('kept');
    await when(client, 'finish');
    await until(() => accepted.bytesRead === 4, 'the bytes');
    trace.watch('s', accepted, ['data', 'end', 'close']);
    accepted.resume();
    await closed(accepted);
    await finish();
  });
});
