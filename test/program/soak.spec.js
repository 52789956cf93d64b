'use strict';

// Minutes of npm run test:soak in some seconds: mixed traffic between two processes, every byte looked at, and nothing
// left after a round.

const assert = require('node:assert/strict');
const { soak } = require('../soak/soak.js');
const { isWindows } = require('../support/local-names.js');
const { ENGINE } = require('../support/program.js');

describe('soak', function () {
  this.timeout(300_000);
  it('talkers, churn, slow readers, single bytes, resets, workers that are terminated, forks', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const { engine, results, faults } = await soak({
      rounds: 3,
      roundMs: 2_500,
      connections: isWindows ? 30 : 200,
      others: isWindows ? 2 : 5,
      seed,
    });
    assert.deepEqual(faults, [], `seed ${seed}`);
    assert.equal(engine, ENGINE);
    const last = results.at(-1);
    assert.ok(last.terminated > 0 && (isWindows || last.held > 0));
    assert.ok(results.every(({ done }) => done.opened > 0 && done.bytes > 0));
  });
});
