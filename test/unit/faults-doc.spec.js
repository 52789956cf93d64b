'use strict';

// docs/faults.md names tests; they have to exist.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');

/** All test sources, by the short name that the page uses. */
function sources() {
  const found = new Map();
  for (const folder of ['native', 'contract', 'program', 'unit']) {
    for (const file of fs
      .readdirSync(path.join(root, 'test', folder))
      .filter((one) => /\.(cc|js)$/.test(one))) {
      const name = file.replace(/\.(cc|js)$/, '');
      found.set(
        name,
        (found.get(name) ?? '') + fs.readFileSync(path.join(root, 'test', folder, file), 'utf8'),
      );
    }
  }
  return found;
}

describe('docs/faults.md', () => {
  it('names tests that exist', () => {
    const tests = sources();
    const rows = fs
      .readFileSync(path.join(root, 'docs', 'faults.md'), 'utf8')
      .split(/\r?\n/)
      .filter((line) => line.startsWith('| '))
      .slice(1);
    assert.ok(rows.length > 20);
    for (const row of rows) {
      const held = row.split(' | ').at(-1).replace(/ \|$/, '');
      for (const one of held.split('; ')) {
        const [, file, title] = /^([\w-]+(?:\.spec)?): (.+)$/.exec(one) ?? assert.fail(`no test: ${one}`);
        assert.ok(tests.get(file)?.includes(title), `${file} has no "${title}"`);
      }
    }
  });
});
