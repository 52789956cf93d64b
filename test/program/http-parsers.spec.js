'use strict';

// What http's parsers get of sockets that are stopped and paused, and what they keep of connections that are over.

const assert = require('node:assert/strict');
const path = require('node:path');
const { run } = require('../support/program.js');
const { choice } = require('../support/transports.js');

const file = path.join(__dirname, 'fixtures', 'http-parsers.js');

describe('parsers of http servers', function () {
  this.timeout(120_000);
  for (const scenario of ['collected', 'paused', 'stopped']) {
    it(`${scenario}: as over node:net`, async () => {
      const seen = (preload) => run({ file, args: [scenario], execArgv: ['--expose-gc'], preload });
      const expected = await seen('none');
      assert.deepEqual({ code: expected.code, stderr: expected.stderr }, { code: 0, stderr: '' });
      assert.notEqual(expected.stdout, '');
      if (choice === 'node') return;
      assert.deepEqual(await seen('require'), expected);
    });
  }
});
