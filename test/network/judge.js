'use strict';

// What is wrong with the traces of a run, in lines.

const { isDeepStrictEqual } = require('node:util');
const { CONVERSATIONS } = require('./conversations.js');
const { SIDES, tasksOn } = require('./network.js');
const { hashOf, placeOf } = require('./streams.js');

const nameOf = (side, { conversation, server, client }) =>
  `${side} of "${conversation}", ${server} with a client of ${client}`;

/** What this end must have received. */
function expected(side, { conversation, number }, { seed, amounts }) {
  const received = CONVERSATIONS[conversation].receives(amounts)[side];
  if (received === undefined) return undefined;
  const [from, bytes] = received;
  return { received: bytes, hash: hashOf(placeOf(seed, `${conversation}/${number}`, from), bytes) };
}

/** Ends that have received other bytes than were sent, with the implementation that received them. */
function wrongBytes({ tasks, traces }, options) {
  return SIDES.flatMap((side) =>
    tasksOn(side, tasks).flatMap((task) => {
      const { received, hash } = traces[side].get(task.id);
      const right = expected(side, task, options);
      if (right === undefined || isDeepStrictEqual({ received, hash }, right)) return [];
      const text = `${nameOf(side, task)}: received ${received} bytes with hash ${hash}, sent were ${right.received} with ${right.hash}`;
      return [{ implementation: task[side], text }];
    }),
  );
}

/** Ends whose trace is not that of node:net with node:net. */
function differences({ tasks, traces }) {
  return SIDES.flatMap((side) => {
    const plain = new Map();
    return tasksOn(side, tasks).flatMap((task) => {
      const key = `${task.conversation}/${task.number}`;
      const trace = traces[side].get(task.id);
      if (!plain.has(key)) plain.set(key, trace); // the first pair
      if (isDeepStrictEqual(trace, plain.get(key))) return [];
      return [
        `${nameOf(side, task)}: ${JSON.stringify(trace)}\n  node:net: ${JSON.stringify(plain.get(key))}`,
      ];
    });
  });
}

const countOf = ({ traces }) => SIDES.reduce((sum, side) => sum + traces[side].size, 0);

module.exports = { wrongBytes, differences, countOf };
