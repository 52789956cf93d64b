'use strict';

// Patches of net.Socket.prototype reach TLS sockets, as over node:net.

const assert = require('node:assert/strict');
const path = require('node:path');
const { run } = require('../support/program.js');
const { choice } = require('../support/transports.js');

const file = path.join(__dirname, 'fixtures', 'tls-patches.js');

describe('patches of net.Socket.prototype', function () {
  this.timeout(60_000);

  it('are seen by what TLS sockets of a server and a client do', async () => {
    const expected = await run({ file });
    assert.deepEqual({ code: expected.code, stderr: expected.stderr }, { code: 0, stderr: '' });
    assert.match(expected.stdout, /client write secret/);
    if (choice === 'node') return;
    assert.deepEqual(await run({ file, preload: 'require' }), expected);
  });
});
