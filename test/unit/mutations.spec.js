'use strict';

// Every defect that the simulations have to find can still be put into the sources: their files move.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '../..');

describe('defects for the simulations', () => {
  for (const [file, list] of [
    ['mutations.mjs', 'MUTATIONS'],
    ['facade-mutations.mjs', 'FACADE_MUTATIONS'],
  ]) {
    it(`${file}: each edit finds its place, once`, async () => {
      const { [list]: mutations } = await import(`../../scripts/lib/${file}`);
      assert.ok(mutations.length > 5, `${mutations.length} defects`);
      for (const { name, edits } of mutations) {
        for (const { file: source, find } of edits) {
          const text = fs.readFileSync(path.join(root, source), 'utf8');
          assert.equal(text.split(find).length, 2, `${name}: ${source}`);
        }
      }
    });
  }
});
