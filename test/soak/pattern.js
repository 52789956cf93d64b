'use strict';

// The bytes of a connection: a place in one long pattern, so that each byte says whose it is, and where it belongs.

const PERIOD = 65_521; // prime: no size of a message divides it

/** Numbers from 0 to 1 that a seed decides. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = numbers(1);
const once = Buffer.from(Uint8Array.from({ length: PERIOD }, () => next() * 256));
const twice = Buffer.concat([once, once]);

/** The bytes from `place` on; at most PERIOD of them. */
function bytesAt(place, length) {
  const start = place % PERIOD;
  return twice.subarray(start, start + length);
}

function isAt(place, chunk) {
  for (let at = 0; at < chunk.length; at += PERIOD) {
    const part = chunk.subarray(at, at + PERIOD);
    if (Buffer.compare(part, bytesAt(place + at, part.length)) !== 0) return false;
  }
  return true;
}

module.exports = { PERIOD, numbers, bytesAt, isAt };
