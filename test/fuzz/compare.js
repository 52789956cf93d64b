'use strict';

// When two plays of a program count as the same.

const { isDeepStrictEqual } = require('node:util');

/** Joins neighbouring 'data' events; puts 'timeout' last, once, or leaves it out where the socket closes. */
function normalSegment(segment) {
  const events = [];
  for (const event of segment) {
    if (event[0] === 'timeout') continue;
    const last = events.at(-1);
    if (event[0] === 'data' && last?.[0] === 'data') events[events.length - 1] = ['data', last[1] + event[1]];
    else events.push(event);
  }
  const idle = segment.some(([event]) => event === 'timeout') && !events.some(([event]) => event === 'close');
  return idle ? [...events, ['timeout']] : events;
}

/**
 * The freedoms, each of which node:net takes against itself from one run to the next:
 *  - chunks: where the bytes of a stream are cut (play.js joins neighbouring 'data' events);
 *  - idle time: when within a burst 'timeout' comes, how often, and whether it still comes before the close.
 */
function normal(_program, result) {
  const side = (one) => one && { ...one, segments: one.segments.map(normalSegment) };
  return { ...result, client: side(result.client), server: side(result.server) };
}

function same(program, expected, actual) {
  return isDeepStrictEqual(normal(program, actual), normal(program, expected));
}

module.exports = { normal, same };
