'use strict';

// docs/differences.md and the specs of its rows name each other.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const read = (...parts) => fs.readFileSync(path.join(root, ...parts), 'utf8');

/** The last column of every row: `file.spec: title`. */
function named() {
  const rows = read('docs', 'differences.md')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('| ') && !line.startsWith('| What |'));
  return rows.map((row) => {
    const last = row.replace(/ \|$/, '').split(' | ').at(-1);
    const [, file, title] = /^(\w+\/[\w-]+\.spec): (.+)$/.exec(last) ?? assert.fail(`no spec: ${row}`);
    return { file, title };
  });
}

describe('docs/differences.md', () => {
  it('names specs that exist', () => {
    assert.ok(named().length > 20);
    for (const { file, title } of named()) {
      assert.ok(read('test', `${file}.js`).includes(title), `${file} has no "${title}"`);
    }
  });

  it('has a row for each spec of test/program/differences.spec.js', () => {
    const source = read('test', 'program', 'differences.spec.js');
    const titles = [...source.matchAll(/^ +differs\(\s*'([^']+)'/gm)].map(([, title]) => title);
    const rows = named()
      .filter(({ file }) => file === 'program/differences.spec')
      .map(({ title }) => title);
    assert.deepEqual(rows.sort(), titles.sort());
  });
});
