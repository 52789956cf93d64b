'use strict';
// What is packed in the place of the checkout's manifest and pages: no link of it may be dead.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const { files } = require('../../package.json');
const ADDRESS = 'https://git.example/someone/iocp-net';

describe('pages as they are packed', () => {
  let published;
  before(async () => {
    published = await import('../../scripts/lib/published.mjs');
  });

  const page = (name, text, address) => published.publishedPage(name, text, { files, address });

  it('links into the package stay on every page but the README', () => {
    const text = 'See [api](api.md#iocp-net), [the page](../ARCHITECTURE.md) and [below](#limits).';
    assert.equal(page('docs/x.md', text, ADDRESS), text);
    assert.equal(page('docs/x.md', text, undefined), text);
  });

  it('links out of the package name the repository, or are text', () => {
    const text = '[bench](../examples/bench-mine.js#l1), [sim](../addon/sim), [own](../addon/port/engine.h)';
    assert.equal(
      page('docs/x.md', text, ADDRESS),
      `[bench](${ADDRESS}/blob/HEAD/examples/bench-mine.js#l1), [sim](${ADDRESS}/blob/HEAD/addon/sim), [own](../addon/port/engine.h)`,
    );
    assert.equal(page('docs/x.md', text, undefined), 'bench, sim, [own](../addon/port/engine.h)');
  });

  it('the README has no relative link where the repository is known', () => {
    const text = '![gains](docs/gains.svg) [api](docs/api.md) [npm](https://npmjs.com) [below](#limits)';
    assert.equal(
      page('README.md', text, ADDRESS),
      `![gains](${ADDRESS}/raw/HEAD/docs/gains.svg) [api](${ADDRESS}/blob/HEAD/docs/api.md) [npm](https://npmjs.com) [below](#limits)`,
    );
    const readme = page('README.md', fs.readFileSync(path.join(root, 'README.md'), 'utf8'), ADDRESS);
    assert.deepEqual(
      published.deadLinks('README.md', readme, () => false),
      [],
    );
  });

  it('the manifest has no scripts, and names the repository', () => {
    const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
    Object.assign(process.env, { GITHUB_SERVER_URL: 'https://git.example', GITHUB_REPOSITORY: 'a/b' });
    try {
      const manifest = published.publishedManifest(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
      const { scripts, devDependencies, repository, bugs } = JSON.parse(manifest);
      assert.deepEqual([scripts, devDependencies], [undefined, undefined]);
      assert.equal(repository.url, 'git+https://git.example/a/b.git');
      assert.equal(bugs.url, 'https://git.example/a/b/issues');
    } finally {
      for (const [name, value] of Object.entries({ GITHUB_SERVER_URL, GITHUB_REPOSITORY })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});
