'use strict';

// Which bytes each end of each conversation sends: a place in the pattern of the soak, by the seed.

const { createHash } = require('node:crypto');
const { PERIOD, bytesAt, numbers } = require('../soak/pattern.js');

const PIECE_BYTES_MAX = 60_000;

/** A number of 32 bits for `parts`. */
function seedOf(...parts) {
  return createHash('sha256').update(parts.join('/')).digest().readUInt32LE(0);
}

/** Where the stream of one end begins. */
const placeOf = (seed, conversation, side) => seedOf(seed, conversation, side) % PERIOD;

/** The hash of the first `length` bytes of a stream. */
function hashOf(place, length) {
  const hash = createHash('sha256');
  for (let at = 0; at < length; at += PIECE_BYTES_MAX) {
    hash.update(bytesAt(place + at, Math.min(PIECE_BYTES_MAX, length - at)));
  }
  return hash.digest('hex');
}

module.exports = { seedOf, placeOf, hashOf, bytesAt, numbers };
