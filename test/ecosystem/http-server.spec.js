'use strict';

// What http servers promise beyond requests and answers: 'clientError', 'connect', 'upgrade', Expect, the timeouts of
// headers, requests and idle connections, maxRequestsPerSocket, pipelining and the ways of closing.

const { carriedAlike } = require('./support/carried.js');

describe('http servers through the preload', function () {
  this.timeout(180_000);
  for (const [protocol, carrier] of [
    ['http', { accepted: 20, connected: 20 }],
    ['https', { libuvAlone: true }],
  ]) {
    it(`${protocol}: refusals, tunnels, expectations, timeouts, limits and closing`, () =>
      carriedAlike('http-server.js', [protocol], carrier));
  }
});
