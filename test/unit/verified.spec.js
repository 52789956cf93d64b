'use strict';
// docs/verified.md has the counts of suites that passed, each with its day.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const PAGE = 'before\n<!-- counts:start -->\n<!-- counts:end -->\nafter\n';

describe('counts of docs/verified.md', () => {
  let verified;
  before(async () => {
    verified = await import('../../scripts/verified.mjs');
  });

  it('takes suites that passed, and keeps what it had of the others', () => {
    const first = verified.withCounts(
      PAGE,
      [
        { suite: 'mocha', passed: 20, failed: 0, skipped: 2 },
        { suite: 'native tests', passed: 8, failed: 0 },
        { suite: 'npm ci', passed: 1, failed: 0 },
      ],
      '2026-01-01',
    );
    assert.match(
      first,
      /\n\| mocha \| 20 \| 2 \| 2026-01-01 \|\n\| native tests \| 8 \| 0 \| 2026-01-01 \|\n<!--/,
    );
    assert.doesNotMatch(first, /npm ci/);
    const records = [
      { suite: 'mocha', passed: 21, failed: 1 },
      { suite: 'native tests', passed: 9, failed: 0 },
    ];
    const second = verified.withCounts(first, records, '2026-01-02');
    assert.match(second, /\| mocha \| 20 \| 2 \| 2026-01-01 \|\n\| native tests \| 9 \| 0 \| 2026-01-02 \|/);
    assert.ok(second.startsWith('before\n') && second.endsWith('\nafter\n'));
  });

  it('the page has those of this system, of arm64 and of musl', () => {
    const page = fs.readFileSync(path.join(__dirname, '../../docs/verified.md'), 'utf8');
    const suites = [...verified.countsOf(page).keys()].join('\n');
    for (const pattern of [/mocha on linux-x64/, /linux-arm64 under qemu/, /with musl/])
      assert.match(suites, pattern);
  });
});
