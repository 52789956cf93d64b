'use strict';

// Much that waits arrives in several chunks. Each is an event of its own, as if the others were not there yet.

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { contract } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const { pair, turns, when, closed } = require('../support/sockets.js');

const BYTES = 4 * 1024 * 1024;
const payload = Buffer.alloc(BYTES);
for (let n = 0; n < BYTES; n += 4) payload.writeUInt32LE((n * 2_654_435_761) >>> 0, n);
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
const EXPECTED = digest(payload);

/** Lets the payload pile up before anybody reads: `read` begins, the result is what came, in order. */
async function flooded(net, read) {
  const { client, accepted, finish } = await pair(net, { server: { pauseOnConnect: true } });
  client.end(payload);
  await turns(5);
  const chunks = [];
  read(accepted, chunks);
  return { client, accepted, finish, chunks };
}

contract('large chunks', ({ net, transport, it }) => {
  it('the ticks and microtasks of each come before the next one', async () => {
    const order = [];
    const { accepted, finish, chunks } = await flooded(net, (socket, into) =>
      socket.on('data', (chunk) => {
        const name = into.push(chunk);
        order.push(name);
        process.nextTick(() => order.push(name));
        Promise.resolve().then(() => order.push(name));
      }),
    );
    accepted.resume();
    await when(accepted, 'end');
    await turns(1);
    assert.equal(digest(Buffer.concat(chunks)), EXPECTED);
    assert.ok(chunks.length > BYTES / (1024 * 1024));
    assert.deepEqual(
      order,
      chunks.flatMap((_, index) => [index + 1, index + 1, index + 1]),
    );
    await finish();
  });

  it('none comes while the socket is paused, wherever pause() was called', async () => {
    let calls = 0;
    const pauses = [
      (socket) => socket.pause(),
      (socket) => process.nextTick(() => socket.pause()),
      (socket) => Promise.resolve().then(() => socket.pause()),
    ];
    let paused = false;
    let wrong = 0;
    const { accepted, finish, chunks } = await flooded(net, (socket, into) => {
      socket.on('data', (chunk) => {
        into.push(chunk);
        if (paused) wrong++;
        pauses[calls++ % pauses.length](socket);
      });
      socket.on('pause', () => {
        paused = true;
        turns(3).then(() => {
          paused = false;
          socket.resume();
        });
      });
    });
    accepted.resume();
    await when(accepted, 'end');
    assert.equal(wrong, 0);
    assert.equal(digest(Buffer.concat(chunks)), EXPECTED);
    await finish();
  });

  it('none comes after destroy() by the handler or by its tick', async () => {
    for (const later of [(call) => call(), process.nextTick, queueMicrotask]) {
      const { client, accepted, chunks } = await flooded(net, (socket, into) =>
        socket.on('data', (chunk) => {
          into.push(chunk);
          later(() => socket.destroy());
        }),
      );
      client.on('error', () => {});
      accepted.resume();
      await closed(accepted);
      await turns(3);
      assert.equal(chunks.length, 1);
      client.destroy();
      await closed(client);
      await new Promise((resolve) => accepted.server.close(resolve));
    }
  });

  it('an error thrown by a handler, its tick or its microtask costs none of the others', async () => {
    const { code, stderr, reports } = await inChild(
      transport,
      (net, report, bytes) => {
        const throwing = [
          (error) => {
            throw error;
          },
          (error) =>
            process.nextTick(() => {
              throw error;
            }),
          (error) =>
            queueMicrotask(() => {
              throw error;
            }),
        ];
        let uncaught = 0;
        process.on('uncaughtException', () => uncaught++);
        let received = 0;
        let chunks = 0;
        const server = net.createServer({ pauseOnConnect: true }, (socket) => {
          socket.on('data', (chunk) => {
            received += chunk.length;
            throwing[chunks++ % throwing.length](new Error(`chunk ${chunks}`));
          });
          socket.on('end', () => {
            report([received, chunks === uncaught]);
            server.close();
          });
          setTimeout(() => socket.resume(), 20);
        });
        server.listen(0, '127.0.0.1', () => {
          net.connect(server.address().port, '127.0.0.1').end(Buffer.alloc(bytes));
        });
      },
      { args: [BYTES] },
    );
    assert.deepEqual({ code, stderr, reports }, { code: 0, stderr: '', reports: [[BYTES, true]] });
  });
});
