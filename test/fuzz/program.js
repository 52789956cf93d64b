'use strict';

// A random program over the two sockets of one connection.
//
// A program is a list of bursts. A burst is a list of calls that are made in one turn of the loop; after it everything
// settles. The calls of a burst are made on one side, or on both when they cannot cut each other off: which of two
// processes is quicker is nobody's contract, so a program never asks it.

const fc = require('fast-check');

const SIDES = ['client', 'server'];

// Sizes around the borders: nothing, the small-write limit, one read, the high-water marks, more than the kernel takes.
const smallSize = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 2047, 2048, 2049, 4096) },
);
const largeSize = fc.constantFrom(16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 200_000, 1_000_000);
const encoding = fc.constantFrom('buffer', 'buffer', 'utf8', 'latin1', 'ascii', 'hex', 'base64', 'utf16le');

const write = (size) => fc.record({ op: fc.constant('write'), size, encoding });
const end = fc.oneof(
  fc.constant({ op: 'end' }),
  fc.record({ op: fc.constant('end'), size: smallSize, encoding }),
);
const plain = (...ops) => fc.constantFrom(...ops.map((op) => ({ op })));

/** Calls that leave the other side's calls of the same turn alone. */
const gentle = (size) =>
  fc.oneof(
    { weight: 8, arbitrary: write(size) },
    { weight: 1, arbitrary: end },
    { weight: 4, arbitrary: plain('pause', 'resume', 'cork', 'uncork') },
    { weight: 1, arbitrary: plain('setNoDelay', 'setKeepAlive', 'read') },
    { weight: 1, arbitrary: plain('timeout', 'noTimeout') },
    // The calls after it are made later, by a handler that has kept the loop waiting.
    { weight: 1, arbitrary: plain('block') },
    // A child that is between fork and exec while the other calls are made, and a little longer.
    ...(process.platform === 'win32' ? [] : [{ weight: 1, arbitrary: plain('fork') }]),
  );
const harsh = plain('destroy', 'destroyError', 'destroySoon', 'reset');

const burst = (size) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        side: fc.constantFrom(...SIDES),
        calls: fc.array(fc.oneof({ weight: 12, arbitrary: gentle(size) }, { weight: 1, arbitrary: harsh }), {
          minLength: 1,
          maxLength: 5,
        }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        side: fc.constant('both'),
        calls: fc.array(gentle(size), { minLength: 1, maxLength: 3 }),
        serverCalls: fc.array(gentle(size), { minLength: 1, maxLength: 3 }),
      }),
    },
  );

const options = fc.record({
  clientHalfOpen: fc.boolean(),
  serverHalfOpen: fc.boolean(),
  pauseOnConnect: fc.oneof(
    { weight: 4, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  // How each side reads: by 'data' from the start, by 'readable' and read(), or not before it is resumed.
  clientReads: fc.constantFrom('data', 'data', 'readable', 'later'),
  serverReads: fc.constantFrom('data', 'data', 'readable', 'later'),
  // Who keeps the loop waiting in each of its handlers of bytes.
  blocks: fc.oneof(
    { weight: 6, arbitrary: fc.constant('nobody') },
    { weight: 1, arbitrary: fc.constantFrom('client', 'server') },
  ),
  // The first burst of the client runs right after connect(), while it connects.
  early: fc.boolean(),
});

const programOf = (size) =>
  fc.record({ options, bursts: fc.array(burst(size), { minLength: 1, maxLength: 6 }) });

const program = fc.noBias(
  fc.oneof(
    { weight: 4, arbitrary: programOf(smallSize) },
    {
      weight: 1,
      arbitrary: programOf(
        fc.oneof({ weight: 3, arbitrary: smallSize }, { weight: 2, arbitrary: largeSize }),
      ),
    },
  ),
);

module.exports = { program, SIDES };
