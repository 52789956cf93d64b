'use strict';

// What throws while sockets close keeps no other socket from closing, and no process from ending.

const assert = require('node:assert/strict');
const path = require('node:path');
const { run } = require('../support/program.js');
const { choice } = require('../support/transports.js');

const file = path.join(__dirname, 'fixtures', 'thrown-at-close.js');

describe('errors thrown while sockets close', function () {
  this.timeout(120_000);
  for (const how of ['handler', 'tick', 'promise', 'server', 'waiting', 'ending']) {
    it(`${how}: each closes, and the process ends`, async () => {
      const expected = await run({ file, args: [how] });
      assert.deepEqual({ code: expected.code, stderr: expected.stderr }, { code: 0, stderr: '' });
      assert.match(expected.stdout, /uncaught/);
      if (choice === 'node') return;
      assert.deepEqual(await run({ file, args: [how], preload: 'require' }), expected);
    });
  }
});
