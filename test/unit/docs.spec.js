'use strict';
// What the pages say is so: links lead somewhere, and lists have what the code has.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');

function pages() {
  const folders = ['.', 'docs', 'examples', 'prebuilds'];
  return folders.flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => path.posix.join(folder, name)),
  );
}

/** As GitHub and npm make them from headings. */
function anchors(text) {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('docs: links', () => {
  for (const page of pages()) {
    it(page, () => {
      const text = read(page).replaceAll(/^```[\s\S]*?^```/gm, '');
      for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [name, anchor] = link.split('#');
        const target = name === '' ? page : path.posix.join(path.posix.dirname(page), name);
        assert.ok(fs.existsSync(path.join(root, target)), `${page} leads to ${link}`);
        if (anchor !== undefined)
          assert.ok(anchors(read(target)).includes(anchor), `${page} leads to ${link}`);
      }
    });
  }
});

describe('docs: lists', () => {
  const { engine } = require('../../dist/engine.js');

  it('docs/api.md names every counter', () => {
    const text = read('docs/api.md');
    for (const name of Object.keys(engine.counters)) assert.ok(text.includes(`\`${name}\``), name);
  });

  it('docs/api.md names every error and warning of our own', () => {
    const text = read('docs/api.md');
    const sources = fs
      .readdirSync(path.join(root, 'lib'), { recursive: true })
      .filter((name) => name.endsWith('.ts'));
    const own = sources.flatMap((name) => {
      const source = read(path.join('lib', name));
      const errors = [...source.matchAll(/new \w*Error\(\s*['`](iocp-net: [^'`$]+)/g)];
      return [...errors, ...source.matchAll(/emitWarning\([\s\S]*?code: '(\w+)'/g)].map(([, one]) => one);
    });
    assert.ok(own.length >= 3, own.join());
    for (const one of own) assert.ok(text.includes(one), one);
  });

  it('docs/api.md names every entry of the package', () => {
    const text = read('docs/api.md');
    for (const name of Object.keys(require('../../package.json').exports)) {
      if (name.startsWith('./package')) continue;
      assert.ok(text.includes(`## ${path.posix.join('iocp-net', name)}`), name);
    }
  });

  it('docs/bundlers.md has the commands of the recipes', () => {
    const recipes = read('scripts/test-bundlers.mjs');
    const commands = [...read('docs/bundlers.md').matchAll(/^\| [^|]+ \| `([a-z]+ [^`]+)` \|/gm)].map(
      ([, text]) => text,
    );
    assert.ok(commands.length >= 3, commands.join());
    for (const command of commands) assert.ok(recipes.includes(command), command);
  });

  it('docs/verified.md has the versions that the scripts try', () => {
    const text = read('docs/verified.md');
    const sources = ['test-installs.mjs', 'test-bundlers.mjs', 'test-types.mjs'];
    // Plugins and tools of the bundlers are not what a reader asks for.
    const unnamed = /@rollup|webpack-cli|postject|publint|arethetypeswrong|^const/;
    const lines = sources.flatMap((name) => read(`scripts/${name}`).split('\n'));
    const versions = lines
      .filter((line) => !unnamed.test(line))
      .flatMap((line) => [...line.matchAll(/'(\d+\.\d+\.\d+)'/g)].map(([, version]) => version));
    assert.ok(versions.length > 15, versions.join());
    for (const version of versions) assert.ok(text.includes(version), version);
    const nodes = /NODE_VERSIONS=\(([^)]+)\)/.exec(read('.ci/run'))[1].split(' ');
    for (const version of nodes) assert.ok(text.includes(version), version);
  });

  it('every prebuilt engine is listed, with how it was run', () => {
    const { TARGETS } = require('../../scripts/lib/targets.cjs');
    const rows = read('prebuilds/README.md');
    for (const [name, { libc, run }] of Object.entries(TARGETS)) {
      const label = libc === undefined ? name : `${name.replace('-musl', '')}, ${libc}`;
      const row = rows.split('\n').find((line) => line.startsWith(`| ${label} |`));
      assert.ok(row !== undefined, label);
      assert.equal(row.includes('**built, not run**'), run === undefined, row);
    }
  });
});
