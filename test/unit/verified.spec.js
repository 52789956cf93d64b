'use strict';
// docs/verified.md has the counts of suites that passed, each with its day.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');

/** The names that .ci/run gives its steps, and that of its last suite's record. */
function recordedByTheGate() {
  const steps = [...read('.ci/run').matchAll(/^step '([^']+)'/gm)].map(([, name]) => name);
  const last = /npm run (test:\w+)\nclose$/m.exec(read('.ci/run'))[1];
  const [, suite] = /suite: '([^']+)'/.exec(read(`scripts/${last.replace(':', '-')}.mjs`));
  return [...steps, suite];
}

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

  it('a whole run drops what is no longer run', () => {
    const page = verified.withCounts(PAGE, [{ suite: 'mocha, Node 1', passed: 20, failed: 0 }], '2026-01-01');
    const steps = recordedByTheGate().map((suite) => ({ suite, passed: 1, failed: 0 }));
    const newer = { suite: 'mocha, Node 2', passed: 21, failed: 0 };
    const rows = (records) => [...verified.countsOf(verified.withCounts(page, records, '2026-01-02')).keys()];
    assert.deepEqual(rows([...steps, newer]), ['mocha, Node 2']);
    const both = ['mocha, Node 1', 'mocha, Node 2'];
    assert.deepEqual(rows([newer]), both, 'single suites');
    assert.deepEqual(rows([...steps, newer, { suite: 'types', passed: 3, failed: 1 }]), both, 'a failed run');
    for (const { suite } of [steps[0], steps.at(-1)])
      assert.deepEqual(rows([...steps.filter((step) => step.suite !== suite), newer]), both, `no ${suite}`);
  });

  it('the page names no version of Node that is not run', () => {
    const suites = [...verified.countsOf(read('docs/verified.md')).keys()];
    const versions = suites.flatMap((suite) => suite.match(/(?<=Node )\d+\.\d+\.\d+/g) ?? []);
    assert.ok(new Set(versions).size >= 3, versions.join());
    const scripts = ['scripts', 'scripts/lib'].flatMap((folder) =>
      fs.readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`),
    );
    const sources = ['.ci/run', ...scripts.filter((name) => /js$/.test(name))].map(read).join('\n');
    for (const version of versions)
      assert.match(
        sources,
        new RegExp(`NODE_VERSIONS?\\b.*\\b${version.replaceAll('.', '\\.')}\\b`),
        version,
      );
  });

  it('the page has those of this system, of arm64 and of musl', () => {
    const page = read('docs/verified.md');
    const suites = [...verified.countsOf(page).keys()].join('\n');
    for (const pattern of [/mocha on linux-x64/, /linux-arm64 under qemu/, /with musl/])
      assert.match(suites, pattern);
  });
});
