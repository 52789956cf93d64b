#!/usr/bin/env node
// Publishes both packages, as tarballs: from a folder npm sends the tarball with the manifest and the README of the
// checkout, which it reads again after postpack.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import paths from './lib/paths.cjs';
import { repository } from './lib/published.mjs';
import targets from './lib/targets.cjs';

const HELP = `usage: npm run release -- [--dry-run] [--provenance]

Packs iocp-net and iocp-net-bench into build-package/release, and publishes the tarballs. Needs the engines of all systems
(npm run prebuild), the packed benchmarks (npm run pack:bench), and a section of this version in CHANGELOG.md.

  --dry-run      publishes nothing
  --provenance   handed on to npm publish (the release workflow)
`;

const RELEASE = path.join(paths.root, 'build-package', 'release');
const BENCH = path.join(paths.root, 'build-package', 'iocp-net-bench');

const read = (name) => fs.readFileSync(path.join(paths.root, name), 'utf8');

function* faults(dryRun) {
  for (const [name, { platform, arch, libc }] of Object.entries(targets.TARGETS)) {
    const file = ['iocp-net', libc, 'node'].filter(Boolean).join('.');
    const place = path.join(paths.root, 'prebuilds', `${platform}-${arch}`, file);
    if (!fs.existsSync(place)) yield `no engine for ${name}: npm run prebuild`;
  }
  if (!fs.existsSync(BENCH)) yield 'no packed benchmarks: npm run pack:bench';
  if (!dryRun && repository() === undefined) {
    yield 'the packages would not name their repository: set GITHUB_SERVER_URL and GITHUB_REPOSITORY';
  }
  const { version } = JSON.parse(read('package.json'));
  // Keep a Changelog's heading, with the day.
  const heading = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm');
  if (!heading.test(read('CHANGELOG.md'))) {
    yield `CHANGELOG.md has no section "## [${version}] - DAY"`;
  }
}

function npm(args, cwd) {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}

function release({ 'dry-run': dryRun, provenance }) {
  const found = [...faults(dryRun)];
  if (found.length > 0) throw new Error(found.join('\niocp-net: '));
  fs.rmSync(RELEASE, { recursive: true, force: true });
  fs.mkdirSync(RELEASE, { recursive: true });
  for (const folder of [paths.root, BENCH]) npm(['pack', '--silent', '--pack-destination', RELEASE], folder);
  const options = [...(dryRun ? ['--dry-run'] : []), ...(provenance ? ['--provenance'] : [])];
  // The package before the one that depends on it.
  for (const name of fs.readdirSync(RELEASE).sort()) {
    npm(['publish', `./${name}`, '--access', 'public', ...options], RELEASE);
  }
}

try {
  const { values } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      provenance: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(HELP);
  else release(values);
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
