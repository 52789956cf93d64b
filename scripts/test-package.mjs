#!/usr/bin/env node
// What a user gets: packs the package, installs the tarball in an empty folder, and runs the programs of test/package
// there on the prebuilt engines, on Linux and under Wine.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import { run } from './lib/run.mjs';
import targets from './lib/targets.cjs';
import { prepareWine } from './lib/wine.mjs';

const HELP = `usage: npm run test:package

Needs the prebuilt engines of all systems (npm run prebuild), and Wine.
`;

const PROGRAM_TIMEOUT_MS = 2 * 60_000;

const TARBALL_BYTES_MAX = 700_000;

const PROGRAMS = [
  ['echo.cjs'],
  ['named-imports.mjs'],
  ['--require', 'iocp-net/register', 'preload.cjs'],
  ['--import', 'iocp-net/register', 'preload.cjs'],
];

function npm(args, cwd) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Installs the tarball into `folder`; returns the names of the files in it. */
function installTarball(folder) {
  npm(['pack', '--silent', '--pack-destination', folder], paths.root);
  const tarball = fs.readdirSync(folder).find((file) => file.endsWith('.tgz'));
  const listed = execFileSync('tar', ['-tzf', tarball], { cwd: folder, encoding: 'utf8' });
  const files = listed.split('\n').filter(Boolean);
  const { size } = fs.statSync(path.join(folder, tarball));
  if (size > TARBALL_BYTES_MAX)
    throw new Error(`${tarball} has ${size} bytes, more than ${TARBALL_BYTES_MAX}`);
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  npm(['install', '--no-save', `./${tarball}`], folder);
  fs.cpSync(path.join(paths.root, 'test', 'package'), folder, { recursive: true });
  return files.map((file) => file.replace(/^package\//, ''));
}

/** Every engine is in it. */
function checkContents(files) {
  const engines = files.filter((file) => file.startsWith('prebuilds/') && file.endsWith('.node'));
  const expected = Object.keys(targets.TARGETS).length;
  if (engines.length !== expected)
    throw new Error(`${expected} prebuilt engines are to be packed, not ${engines.length}: npm run prebuild`);
}

/** @param {(args: string[], options: object) => Promise<{code: number | null, signal: string | null}>} start */
async function runPrograms(suite, folder, start) {
  const record = { suite, passed: 0, failed: 0 };
  for (const args of PROGRAMS) {
    const options = { cwd: folder, env: { PREBUILDS_ONLY: '1' }, timeoutMs: PROGRAM_TIMEOUT_MS };
    const { code, signal } = await start(args, options);
    if (code === 0) {
      record.passed++;
    } else {
      record.failed++;
      console.error(`${suite}: node ${args.join(' ')} ended with ${signal ?? `exit code ${code}`}`);
    }
  }
  return record;
}

async function testPackage() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-package-'));
  try {
    const files = installTarball(folder);
    checkContents(files);
    const wine = await prepareWine();
    const here = (args, { env, ...options }) =>
      run(process.execPath, args, { ...options, env: { ...process.env, ...env } });
    return [
      await runPrograms('installed package on linux', folder, here),
      await runPrograms('installed package on win32 under Wine', folder, wine.runNode),
    ];
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else {
  try {
    closeResults(await testPackage());
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    closeResults([{ suite: 'installed package', passed: 0, failed: 1 }]);
  }
}
