'use strict';

// Several HTTP/2 frames in one chunk, or in one TLS record: handlers, ticks and microtasks run between two of them as
// they do over libuv's handles. A 'stream' handler once found its stream reset by a frame that followed in the record,
// and its respond() threw.

const { carriedAlike } = require('./support/carried.js');

describe('HTTP/2 frames that arrive together', function () {
  this.timeout(180_000);
  // The clear client writes its frames on a socket of net.
  for (const [security, carrier] of [
    ['clear', { connected: 8, libuvToo: true }],
    ['secure', { libuvAlone: true }],
  ]) {
    for (const api of ['streams', 'requests']) {
      it(`${security}, ${api}: every event in the order of node:net's`, () =>
        carriedAlike('frames.js', [security, api], carrier));
    }
    it(`${security}: a handler that throws costs the other streams nothing`, () =>
      carriedAlike('frames.js', [security, 'throwing'], carrier));
  }
});
