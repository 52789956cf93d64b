'use strict';

// The pieces of a request's body: ticks and promises run between two that came together, and before the end, as over
// node:net, where http's parser reads the handle in C++.

const assert = require('node:assert/strict');
const path = require('node:path');
const { run } = require('../support/program.js');
const { choice } = require('../support/transports.js');

const file = path.join(__dirname, 'fixtures', 'http-bodies.js');

describe('bodies of http requests', function () {
  this.timeout(120_000);
  for (const how of [
    '',
    'hooks',
    'listener',
    'once',
    'prepended',
    'prepended handlers pause answer',
    'readable',
    'paused',
    'removed',
    'removed handlers pause answer',
    'stopped',
    'handlers pause',
    'handlers answer',
    'handlers pause answer',
    'hooks handlers pause answer',
    'ticks pause',
    'ticks answer',
    'ticks pause answer',
    'destroy',
    'hooks destroy',
    'handlers throw',
    'hooks handlers throw',
    'ticks throw',
    'hooks ticks throw',
    'wrapped handlers throw',
    'wrapped ticks throw',
    'later',
    'later handlers pause answer',
    'later ticks throw',
    'unshifted handlers pause answer',
    'unshifted split handlers pause answer',
    'emitted',
    'emitted handlers pause answer',
    'emitted ticks throw',
    'emitted handlers throw',
    'replaced',
    'replaced handlers pause answer',
    'replaced ticks throw',
    'replaced handlers throw',
  ]) {
    it(`${how || 'read to the end'}: every event and tick in the order of node:net`, async () => {
      const expected = await run({ file, args: [how] });
      assert.deepEqual({ code: expected.code, stderr: expected.stderr }, { code: 0, stderr: '' });
      assert.match(expected.stdout, /data first/);
      if (choice === 'node') return;
      assert.deepEqual(await run({ file, args: [how], preload: 'require' }), expected);
    });
  }

  it('bytes that wait for a paused socket reach TLS, which takes it over', async () => {
    if (choice === 'node') return; // node:net does not give a handle back that http has read
    const { stdout, stderr } = await run({
      file: path.join(__dirname, 'fixtures', 'tls-over-paused-http.js'),
      preload: 'require',
    });
    assert.deepEqual({ stdout, stderr }, { stdout: 'secret\n', stderr: '' });
  });

  it('what a handler throws after it has turned the loop is uncaught', async () => {
    const throwing = path.join(__dirname, 'fixtures', 'http-throw-after-loop.js');
    const expected = await run({ file: throwing });
    assert.deepEqual(
      { stdout: expected.stdout, code: expected.code },
      { stdout: 'throws\nuncaught: after the loop\n', code: 0 },
    );
    if (choice === 'node') return;
    assert.deepEqual(await run({ file: throwing, preload: 'require' }), expected);
  });

  for (const how of ['read', 'throw']) {
    it(`a response that a client reads over an accepted connection: ${how}`, async () => {
      const overAccepted = path.join(__dirname, 'fixtures', 'http-client-over-accepted.js');
      const expected = await run({ file: overAccepted, args: [how] });
      assert.match(expected.stdout, /data b/);
      if (choice === 'node') return;
      assert.deepEqual(await run({ file: overAccepted, args: [how], preload: 'require' }), expected);
    });
  }
});
