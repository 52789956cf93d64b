#!/usr/bin/env node
// npm's prepack and postpack steps. What is packed has freshly compiled TypeScript in one file, which loads twice as fast
// as 70, a package.json without scripts and development dependencies, and pages whose links lead somewhere. postpack puts
// the checkout's own files back.
import fs from 'node:fs';
import path from 'node:path';
import { bundleCore, staysBeside } from './lib/bundle.mjs';
import { buildTypeScript } from './lib/ensure-built.mjs';
import paths from './lib/paths.cjs';
import { publishedManifest, publishedPage } from './lib/published.mjs';

const HELP = `usage: node scripts/prepack.mjs [--restore]

  --restore   puts package.json and the pages back as they were (the postpack step)
`;

const KEPT = path.join(paths.root, 'build-package', 'kept');

const { files } = JSON.parse(fs.readFileSync(path.join(paths.root, 'package.json'), 'utf8'));

/** The pages that are packed. */
function pages() {
  const docs = fs.readdirSync(path.join(paths.root, 'docs')).map((name) => `docs/${name}`);
  return ['README.md', ...files, ...docs].filter((name) => /^[\w/-]+\.md$/.test(name));
}

function restore() {
  if (!fs.existsSync(KEPT)) return;
  fs.cpSync(KEPT, paths.root, { recursive: true });
  fs.rmSync(KEPT, { recursive: true });
}

function keep(names) {
  restore(); // of a run that was interrupted
  const unfinished = `${KEPT}.${process.pid}`;
  for (const name of names) {
    fs.cpSync(path.join(paths.root, name), path.join(unfinished, name), { recursive: true });
  }
  fs.renameSync(unfinished, KEPT);
}

/** What sources that are gone have left in dist/ would be packed, too. */
function removeOrphans() {
  for (const name of fs.readdirSync(path.join(paths.root, 'dist'), { recursive: true })) {
    const compiled = /^(.*?)(\.d)?\.[jt]s$/.exec(name);
    if (compiled === null || fs.existsSync(path.join(paths.root, 'lib', `${compiled[1]}.ts`))) continue;
    fs.rmSync(path.join(paths.root, 'dist', name));
  }
}

/** `core.js` becomes one file with what it leads to. The types stay where they are. */
async function bundle() {
  const dist = path.join(paths.root, 'dist');
  await bundleCore(dist);
  for (const name of fs.readdirSync(dist, { recursive: true })) {
    if (name.endsWith('.js') && !staysBeside(name)) fs.rmSync(path.join(dist, name));
  }
}

function rewrite(name, change) {
  const file = path.join(paths.root, name);
  fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')));
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else if (process.argv.includes('--restore')) {
  restore();
} else {
  await buildTypeScript();
  removeOrphans();
  keep(['package.json', 'dist', ...pages()]);
  await bundle();
  rewrite('package.json', publishedManifest);
  for (const page of pages()) rewrite(page, (text) => publishedPage(page, text, { files }));
}
