'use strict';

// Web frameworks, unchanged, with the port preloaded.

const { carriedAlike } = require('./support/carried.js');
const { needsPackages } = require('../support/ecosystem-packages.js');

describe('frameworks through the preload', function () {
  this.timeout(180_000);
  needsPackages();
  for (const name of ['express', 'fastify', 'koa', 'hapi', 'nest']) {
    it(`${name} on http and https`, () =>
      carriedAlike('frameworks.js', [name], { accepted: 2, connected: 2, libuvToo: true }));
  }
});
