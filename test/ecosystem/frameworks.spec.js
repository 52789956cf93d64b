'use strict';

// Web frameworks, unchanged, with the port preloaded.

const { carriedAlike } = require('./support/carried.js');

describe('frameworks through the preload', function () {
  this.timeout(180_000);
  for (const name of ['express', 'fastify', 'koa', 'hapi', 'nest']) {
    for (const protocol of ['http', 'https']) {
      it(`${name} on ${protocol}`, () =>
        carriedAlike('frameworks.js', [name, protocol], { accepted: 2, connected: 2 }));
    }
  }
});
