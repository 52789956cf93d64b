'use strict';
// What the pages say is so: links lead somewhere, and lists have what the code has.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');

function pages() {
  const folders = ['.', 'docs', 'examples', 'prebuilds', '.github', '.github/ISSUE_TEMPLATE'];
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

/** Other sites that the pages lead to. A link that is new here was looked at. */
const SITES = ['keepachangelog.com', 'semver.org', 'www.contributor-covenant.org'];

describe('docs: links', () => {
  it('lead out to no other site than those that are listed', () => {
    const found = pages().flatMap((page) =>
      [...read(page).matchAll(/\bhttps?:\/\/([^\s/)>`"':]+)/g)].map(([, host]) => [page, host]),
    );
    for (const [page, host] of found)
      assert.ok([...SITES, 'localhost', '127.0.0.1'].includes(host), `${page} leads to ${host}`);
    const hosts = found.map(([, host]) => host);
    assert.deepEqual(
      SITES.filter((site) => !hosts.includes(site)),
      [],
      'listed, and led to by no page',
    );
  });

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

  it('docs/api.md names every variable of the environment that is read', () => {
    const text = read('docs/api.md');
    const sources = fs
      .readdirSync(path.join(root, 'lib'), { recursive: true })
      .filter((name) => name.endsWith('.ts'));
    const names = sources.flatMap((name) => {
      const source = read(path.join('lib', name));
      const direct = [...source.matchAll(/\benv\.(\w+)/g), ...source.matchAll(/\benv\[['"](\w+)/g)];
      const unpacked = [...source.matchAll(/const \{([^}]*)\} = process\.env/g)];
      return [...direct, ...unpacked].flatMap(([, list]) => list.match(/IOCP_NET_\w+/g) ?? []);
    });
    // Between doctor and the program that it runs.
    const own = new Set(names.filter((name) => name !== 'IOCP_NET_OBSERVE'));
    assert.ok(own.size >= 2, [...own].join());
    for (const name of own) assert.ok(text.includes(`| \`${name}\` |`), name);
  });

  it('docs/api.md names every command and option of iocp-net', () => {
    const text = /^## Command\n[\s\S]*/m.exec(read('docs/api.md'))[0];
    const cli = path.join(root, 'dist', 'cli.js');
    const help = execFileSync(process.execPath, [cli, '--help'], { encoding: 'utf8' });
    const commands = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => `npx iocp-net ${name}`);
    const options = help.match(/--[a-z]+/g);
    assert.ok(commands.length >= 3 && options.length >= 3, help);
    for (const one of [...commands, ...options]) assert.ok(text.includes(one), one);
  });

  it("docs/the-path.md has the counts of Node's tests, and their days", () => {
    const suites = read('docs/node-suites.md');
    const sections = [
      ...suites.matchAll(/^## Node (\S+)( under Wine)?, tests of (\S+)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm),
    ];
    const text = read('docs/the-path.md');
    const rows = text.match(/^\| .*Node \d.*\|$/gm);
    const counted = sections.flatMap(([, node, wine = '', tests, body]) => {
      const row = /^\| net \|(.*)\|$/m.exec(body);
      if (row === null) return [];
      const [date, , , , , count, passed] = row[1].split('|').map((cell) => cell.trim());
      return [{ node, wine, date, cells: ['', tests, count, passed, ''].join(' | ').trim() }];
    });
    assert.ok(counted.length >= 5);
    assert.equal(rows.length, counted.length);
    for (const { node, wine, date, cells } of counted) {
      const own = rows.find(
        (row) => row.includes(`Node ${node}${wine}`) && row.includes('Wine') === (wine !== ''),
      );
      assert.ok(own?.endsWith(cells), `Node ${node}${wine}: ${cells}`);
      const day = new Date(date).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
      assert.ok(text.includes(day), `Node ${node}${wine}: ${day}`);
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
    const sources = ['test-installs.mjs', 'test-bundlers.mjs', 'test-types.mjs', 'bench-peers.mjs'];
    // Plugins and tools of the bundlers are not what a reader asks for.
    const unnamed = /@rollup|webpack-cli|postject|publint|arethetypeswrong|^const (?!PEERS)/;
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
