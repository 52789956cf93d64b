'use strict';

// Several HTTP/2 frames in one chunk, or in one TLS record: handlers, ticks and microtasks run between two of them as
// they do behind libuv's handles. A 'stream' handler once found its stream reset by a frame that followed in the record,
// and its respond() threw.

const { carriedAlike } = require('./support/carried.js');

const BURSTS = 8;

describe('HTTP/2 frames that arrive together', function () {
  this.timeout(180_000);
  const least = { accepted: BURSTS, connected: BURSTS };
  for (const security of ['clear', 'secure']) {
    for (const api of ['streams', 'requests']) {
      it(`${security}, ${api}: every event in the order of node:net's`, () =>
        carriedAlike('frames.js', [security, api], least));
    }
    it(`${security}: a handler that throws costs the other streams nothing`, () =>
      carriedAlike('frames.js', [security, 'throwing'], least));
  }
});
