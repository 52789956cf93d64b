#!/usr/bin/env node
// npm's prepublishOnly step: what is published has an engine for every system, and a version with its own changes.
import fs from 'node:fs';
import path from 'node:path';
import paths from './lib/paths.cjs';
import targets from './lib/targets.cjs';

const HELP = `usage: node scripts/release-check.mjs

Fails when prebuilds/ lacks an engine, or CHANGELOG.md a section of this version; under npm publish --dry-run an
"Unreleased" section will do.
`;

const read = (name) => fs.readFileSync(path.join(paths.root, name), 'utf8');

function* faults() {
  for (const [name, { platform, arch, libc }] of Object.entries(targets.TARGETS)) {
    const file = ['iocp-net', libc, 'node'].filter(Boolean).join('.');
    const place = path.join(paths.root, 'prebuilds', `${platform}-${arch}`, file);
    if (!fs.existsSync(place)) yield `no engine for ${name}: npm run prebuild`;
  }
  const { version } = JSON.parse(read('package.json'));
  const section = process.env.npm_config_dry_run === 'true' ? `(${version}|Unreleased)` : version;
  if (!new RegExp(`^## \\[${section}\\]`.replaceAll('.', '\\.'), 'm').test(read('CHANGELOG.md'))) {
    yield `CHANGELOG.md has no section of ${version}`;
  }
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else {
  for (const fault of faults()) {
    console.error(`iocp-net: ${fault}`);
    process.exitCode = 1;
  }
}
