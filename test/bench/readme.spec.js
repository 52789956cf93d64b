'use strict';
// The README states what was measured: its table is the result's, to the last digit.
const assert = require('node:assert/strict');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const ROOT = path.join(__dirname, '..', '..');

describe('bench: README', () => {
  it('has the table of the result in benchmarks/results', () => {
    const script = path.join(ROOT, 'scripts', 'readme-bench.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
});
