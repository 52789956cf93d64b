'use strict';

// Unmodified cluster programs: what they see with the preload is what they see without.

const assert = require('node:assert/strict');
const path = require('node:path');
const { run } = require('../support/program.js');
const { localName, isWindows } = require('../support/local-names.js');

const file = path.join(__dirname, 'fixtures', 'cluster.js');
const SCENARIOS = ['serve', 'killed', 'disconnect', 'exclusive', 'again', 'sockets'];
const POLICIES = ['rr', 'none'];

async function outcome(scenario, policy, preload, name) {
  const { code, signal, stdout, stderr } = await run({
    file,
    args: name ? [scenario, name] : [scenario],
    preload,
    env: { NODE_CLUSTER_SCHED_POLICY: policy },
    guardMs: 90_000,
  });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  const { adopted, hangs, ...seen } = JSON.parse(stdout);
  return { adopted, hangs, seen };
}

describe('cluster', function () {
  this.timeout(200_000);

  if (!isWindows) {
    it('a connection that was handed to a worker which dies without a look at it is closed', async () => {
      const { seen } = await outcome('unanswered', 'rr', 'require');
      assert.deepEqual(seen, { closed: true });
    });
  }

  for (const policy of POLICIES) {
    // On Windows node:net itself throws when a cluster's worker listens on a pipe (setSimultaneousAccepts).
    for (const kind of isWindows ? ['TCP'] : ['TCP', 'local names']) {
      for (const scenario of SCENARIOS) {
        if (kind !== 'TCP' && scenario === 'exclusive') continue;
        // There libuv carries a cluster's connections under either policy: with the rarer one it is tested once.
        if (isWindows && policy === 'none' && scenario !== 'serve') continue;
        it(`${scenario}, over ${kind}, scheduling policy ${policy}`, async () => {
          const name = () => (kind === 'TCP' ? undefined : localName());
          // Side by side: each is mostly waiting for its processes to start.
          const [plain, ours] = await Promise.all(
            ['none', 'require'].map((preload) => outcome(scenario, policy, preload, name())),
          );
          assert.deepEqual(ours.seen, plain.seen);
          // With node:net a connection that was on its way to a worker that dies can hang. On Windows the workers'
          // connections are libuv's, and Wine's server keeps some of a killed process open (docs/contract.md).
          if (scenario === 'killed' && !isWindows) assert.equal(ours.hangs, false);
          if (scenario !== 'serve') return;
          assert.equal(plain.seen.ports, 1);
          assert.deepEqual(plain.adopted, Array(4).fill(false));
          // Windows leaves the connections of a cluster to libuv.
          assert.deepEqual(ours.adopted, Array(4).fill(!isWindows));
        });
      }
    }
  }
});
