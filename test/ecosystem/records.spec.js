'use strict';

// Several TLS records in one chunk: what their handlers write, and the ticks between them, come as over node:net.

const { carriedAlike } = require('./support/carried.js');

describe('TLS records that arrive together', function () {
  this.timeout(180_000);

  it('every event in the order of node:net', () =>
    carriedAlike('records.js', ['order'], { connected: 6, libuvToo: true }));

  it('a handler that throws costs the other records nothing', () =>
    carriedAlike('records.js', ['throwing'], { connected: 3, libuvToo: true }));
});
