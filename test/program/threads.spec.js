'use strict';

// Sockets and servers that move to another thread, from one engine to another; on a Node that does not know it, the same
// refusal.

const assert = require('node:assert/strict');
const net = require('node:net');
const path = require('node:path');
const { run } = require('../support/program.js');

const file = path.join(__dirname, 'fixtures', 'threads.js');
// From Node 24.21 on.
const moves = Object.getOwnPropertySymbols(net.Server.prototype).some(
  ({ description }) => description === 'messaging_transfer_symbol',
);

async function outcome(NET, { env: given, ...options }) {
  const { code, stdout, stderr } = await run({ file, env: { NET, ...given }, ...options });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return JSON.parse(stdout);
}

// Sockets have no descriptor there that could be duplicated: the port's stay in their thread.
const staysOnWindows = moves && process.platform === 'win32';
const env = moves && !staysOnWindows ? {} : { ONLY: 'what has been used stays' };

describe('threads', function () {
  this.timeout(120_000);

  let expected;
  before(async () => {
    expected = await outcome('node:net', { env });
    if (staysOnWindows) {
      const stays = expected['what has been used stays'];
      assert.deepEqual(stays.untouched, { sent: true });
      stays.untouched = stays.read;
    }
  });

  it('get sockets and servers as from node:net', async () => {
    assert.deepEqual(await outcome('iocp-net', { env }), expected);
  });

  it('get them under the preload, too', async () => {
    assert.deepEqual(await outcome('node:net', { preload: 'require', env }), expected);
  });

  it(
    env.ONLY ? 'do not get what is in use, or cannot move' : 'carry them on with their own engine',
    async () => {
      const result = await outcome('node:net', { preload: 'require', env: { ...env, COUNTERS: '1' } });
      if (env.ONLY) {
        for (const [name, { sent }] of Object.entries(result[env.ONLY])) assert.notEqual(sent, true, name);
        return;
      }
      // One socket, then a second one, then the one that goes back, then the server.
      const adopted = [
        result['an accepted socket, with what the system has received'][0].adopted,
        result['a client socket'][0].adopted,
        result['a server with its backlog'][4].adopted,
      ];
      assert.deepEqual(adopted, [1, 2, 4]);
    },
  );
});
