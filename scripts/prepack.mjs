#!/usr/bin/env node
// npm's prepack and postpack steps. What is packed has compiled TypeScript, and a package.json without scripts and
// development dependencies: package managers ask for consent before they run a script of a dependency, prepare among
// them. postpack puts the checkout's own package.json back.
import fs from 'node:fs';
import path from 'node:path';
import { buildTypeScript } from './lib/ensure-built.mjs';
import paths from './lib/paths.cjs';

const HELP = `usage: node scripts/prepack.mjs [--restore]

  --restore   puts package.json back as it was (the postpack step)
`;

const MANIFEST = path.join(paths.root, 'package.json');
const KEPT = path.join(paths.root, 'build-package', 'package.json');

function restore() {
  if (!fs.existsSync(KEPT)) return;
  fs.copyFileSync(KEPT, MANIFEST);
  fs.rmSync(KEPT);
}

function strip() {
  restore(); // of a run that was interrupted
  fs.mkdirSync(path.dirname(KEPT), { recursive: true });
  fs.copyFileSync(MANIFEST, KEPT);
  const {
    scripts: _scripts,
    devDependencies: _development,
    ...published
  } = JSON.parse(fs.readFileSync(MANIFEST, 'utf8'));
  fs.writeFileSync(MANIFEST, `${JSON.stringify(published, null, 2)}\n`);
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else if (process.argv.includes('--restore')) {
  restore();
} else {
  await buildTypeScript();
  strip();
}
