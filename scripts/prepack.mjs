#!/usr/bin/env node
// npm's prepack and postpack steps. What is packed has compiled TypeScript, and a package.json without scripts and
// development dependencies: package managers ask for consent before they run a script of a dependency, prepare among
// them. In the release workflow package.json and the links of the README name the repository. postpack puts the
// checkout's own files back.
import fs from 'node:fs';
import path from 'node:path';
import { buildTypeScript } from './lib/ensure-built.mjs';
import paths from './lib/paths.cjs';

const HELP = `usage: node scripts/prepack.mjs [--restore]

  --restore   puts package.json and README.md back as they were (the postpack step)
`;

const CHANGED = ['package.json', 'README.md'];
const KEPT = path.join(paths.root, 'build-package', 'kept');

/** The address of the repository, as the release workflow knows it; links are relative without one. */
function repository() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  return server && name ? `${server}/${name}` : undefined;
}

function restore() {
  if (!fs.existsSync(KEPT)) return;
  for (const name of CHANGED) fs.copyFileSync(path.join(KEPT, name), path.join(paths.root, name));
  fs.rmSync(KEPT, { recursive: true });
}

function keep() {
  restore(); // of a run that was interrupted
  const unfinished = `${KEPT}.${process.pid}`;
  fs.mkdirSync(unfinished, { recursive: true });
  for (const name of CHANGED) fs.copyFileSync(path.join(paths.root, name), path.join(unfinished, name));
  fs.renameSync(unfinished, KEPT);
}

function rewrite(name, change) {
  const file = path.join(paths.root, name);
  fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')));
}

function publishedManifest(text) {
  const { scripts: _scripts, devDependencies: _development, ...published } = JSON.parse(text);
  const address = repository();
  const links = address && {
    repository: { type: 'git', url: `git+${address}.git` },
    homepage: `${address}#readme`,
    bugs: { url: `${address}/issues` },
  };
  return `${JSON.stringify({ ...published, ...links }, null, 2)}\n`;
}

/** npm's page shows the README alone: its links have to name the repository. */
function absoluteLinks(text) {
  const address = repository();
  if (address === undefined) return text;
  return text
    .replace(/(!\[[^\]]*\]\()(?![a-z]+:|#)/g, `$1${address}/raw/HEAD/`)
    .replace(/((?<!!)\[[^\]]*\]\()(?![a-z]+:|#)/g, `$1${address}/blob/HEAD/`);
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else if (process.argv.includes('--restore')) {
  restore();
} else {
  await buildTypeScript();
  keep();
  rewrite('package.json', publishedManifest);
  rewrite('README.md', absoluteLinks);
}
