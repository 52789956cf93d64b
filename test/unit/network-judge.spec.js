'use strict';
// What is compared of two runs over a network that misbehaves: what differs is found, at the end that it came to.

const assert = require('node:assert/strict');
const judge = require('../network/judge.js');
const { hashOf, placeOf } = require('../network/streams.js');

const SEED = 7;
const BYTES = 1_000;
const CONVERSATION = 'piped back'; // both ends receive the client's stream
const options = { seed: SEED, amounts: { bytes: BYTES, turns: 1 } };

/** A run of one conversation by node:net with itself and by iocp-net with itself. */
function runWith(change = {}) {
  const hash = hashOf(placeOf(SEED, `${CONVERSATION}/0`, 'client'), BYTES);
  const trace = (more) => ({ events: ['end', 'close false'], received: BYTES, hash, ...more });
  const tasks = ['node:net', 'iocp-net'].map((name, id) => {
    return { id, conversation: CONVERSATION, number: 0, server: name, client: name };
  });
  const all = (more) =>
    new Map([
      [0, trace()],
      [1, trace(more)],
    ]);
  return { tasks, traces: { server: all({}), client: all(change) } };
}

describe('traces over a network that misbehaves', () => {
  it('equal ones have neither differences nor wrong bytes', () => {
    assert.deepEqual(judge.differences(runWith()), []);
    assert.deepEqual(judge.wrongBytes(runWith(), options), []);
    assert.equal(judge.countOf(runWith()), 4);
  });

  it('another order of events is a difference', () => {
    const found = judge.differences(runWith({ events: ['close false', 'end'] }));
    assert.equal(found.length, 1);
    assert.match(found[0], /^client of "piped back", iocp-net with a client of iocp-net/);
  });

  it('other bytes, or fewer, are wrong even where both have the same', () => {
    for (const change of [{ hash: 'another' }, { received: BYTES - 1 }]) {
      const found = judge.wrongBytes(runWith(change), options);
      assert.deepEqual(
        found.map(({ implementation }) => implementation),
        ['iocp-net'],
      );
    }
  });
});
