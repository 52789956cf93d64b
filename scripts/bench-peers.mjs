#!/usr/bin/env node
// Installs what the benchmarks compare with: Bun and Deno, beside the suite and not into the project's dependencies,
// and other versions of Node where asked for.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import nodePackage from './lib/node-package.cjs';
import paths from './lib/paths.cjs';
import { runOrThrow } from './lib/run.mjs';

const HELP = `usage: npm run bench:peers -- [NODE-VERSION ...]

Installs Bun and Deno from npm into benchmarks/peers, and fetches the versions of Node that are given, for
--transport node:net@VERSION and iocp-net@VERSION.
`;

const PEERS = { bun: '1.4.5', deno: '2.9.6' };

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const folder = path.join(paths.root, 'benchmarks', 'peers');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  // The executables are packages of their own; the install steps of bun and deno only link to them.
  const install = ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
  const packages = Object.entries(PEERS).map((pair) => pair.join('@'));
  await runOrThrow('npm', [...install, ...packages], { cwd: folder });
  const system = process.platform === 'win32' ? 'win' : 'linux';
  for (const version of positionals) console.log(nodePackage.fetchNode(system, version));
}

try {
  await main();
} catch (error) {
  console.error(`bench:peers: ${error.message}`);
  process.exitCode = 1;
}
