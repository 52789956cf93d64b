'use strict';

// A write that fails while the connection lives on: found by random connections under all faults.

const assert = require('node:assert/strict');
const { package_ } = require('../support/transports.js');
const { simulated, begin } = require('../support/simulation.js');
const { pair, when, closed } = require('../support/sockets.js');

if (simulated) {
  describe('a write that finds no memory', () => {
    it('is not followed by what is written after it in the same turn', async () => {
      begin(1, {});
      const { client, accepted, finish } = await pair(package_.net);
      let text = '';
      accepted.on('data', (chunk) => (text += chunk));
      const failed = when(client, 'error');
      client.write('first');
      begin(1, { errors: 65_536 }); // each call fails
      client.write('lost');
      begin(1, {});
      client.cork(); // past the stream's own look at errors
      client.write('in its place');
      client.uncork();
      const [{ syscall }] = await failed;
      await closed(accepted);
      assert.deepEqual({ syscall, text }, { syscall: 'write', text: 'first' });
      await finish();
    });
  });
}
