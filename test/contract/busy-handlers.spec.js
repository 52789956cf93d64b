'use strict';

// Handlers that work for longer than the time that a turn of the loop has. On Windows such a turn, when it left nothing
// over, once took the next event's wake-up for its own: nothing arrived any more, on any socket.

const assert = require('node:assert/strict');
const { contract } = require('../support/contract.js');
const { when, deferred, within, pair } = require('../support/sockets.js');

const WORK_MS = 3;
const ROUNDS = 100;

function work() {
  const endMs = performance.now() + WORK_MS;
  while (performance.now() < endMs);
}

contract('busy handlers', ({ net, it }) => {
  it('what comes while the loop sleeps after a long turn arrives', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.on('data', (chunk) => {
      work();
      accepted.write(chunk);
    });
    const all = deferred(); // the loop has to sleep while this is waited for
    let answers = 0;
    client.on('data', (chunk) => {
      work();
      answers += chunk.length;
      if (answers === ROUNDS) return void all.resolve();
      if (answers % 3 === 0) setTimeout(() => client.write('x'), 2 * WORK_MS);
      else if (answers % 3 === 1) setImmediate(() => client.write('x'));
      else client.write('x');
    });
    client.write('x');
    await within(all.promise, 'the last answer');
    await finish();
  });

  it('a socket that waits is served after the long turns of another', async () => {
    const [busy, waiting] = [await pair(net), await pair(net)];
    busy.accepted.on('data', work);
    waiting.accepted.on('data', (chunk) => waiting.accepted.write(chunk));
    for (let round = 0; round < 30; round++) {
      busy.client.write('x');
      const answer = when(waiting.client, 'data');
      waiting.client.write('y');
      assert.equal(String((await answer)[0]), 'y');
      await new Promise((resolve) => setTimeout(resolve, WORK_MS));
    }
    await Promise.all([busy.finish(), waiting.finish()]);
  });
});
