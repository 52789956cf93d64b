#!/usr/bin/env node
// What a user gets: packs the package, installs the tarball in an empty folder, and runs the programs of test/package
// there on the prebuilt engines, on Linux and under Wine.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import paths from './lib/paths.cjs';
import { deadLinks } from './lib/published.mjs';
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

function npm(args, cwd, env = process.env) {
  return execFileSync('npm', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Packs into `folder`; the tarball's name. */
function pack(folder, env = {}) {
  const { GITHUB_REPOSITORY: _name, ...inherited } = process.env;
  npm(['pack', '--silent', '--pack-destination', folder], paths.root, { ...inherited, ...env });
  return fs.readdirSync(folder).find((file) => file.endsWith('.tgz'));
}

function installTarball(folder) {
  const tarball = pack(folder);
  const { size } = fs.statSync(path.join(folder, tarball));
  if (size > TARBALL_BYTES_MAX)
    throw new Error(`${tarball} has ${size} bytes, more than ${TARBALL_BYTES_MAX}`);
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  npm(['install', '--no-save', `./${tarball}`], folder);
  fs.cpSync(path.join(paths.root, 'test', 'package'), folder, { recursive: true });
}

/** What is wrong with the files of a package. */
function* faultsIn(folder) {
  const files = fs.readdirSync(folder, { recursive: true }).map((name) => name.replaceAll('\\', '/'));
  const exists = (name) => fs.existsSync(path.join(folder, name));
  const read = (name) => fs.readFileSync(path.join(folder, name), 'utf8');
  const engines = files.filter((file) => file.startsWith('prebuilds/') && file.endsWith('.node'));
  const expected = Object.keys(targets.TARGETS).length;
  if (engines.length !== expected)
    yield `${expected} prebuilt engines are to be packed, not ${engines.length}: npm run prebuild`;
  const table = exists('prebuilds/engines.txt') ? read('prebuilds/engines.txt') : '';
  for (const engine of engines) {
    const hash = createHash('sha256')
      .update(fs.readFileSync(path.join(folder, engine)))
      .digest('hex');
    if (!table.includes(`${engine}: `) || !table.includes(hash))
      yield `prebuilds/engines.txt lacks ${engine}`;
  }
  for (const page of files.filter((file) => file.endsWith('.md') && !file.startsWith('node_modules/'))) {
    for (const link of deadLinks(page, read(page), exists))
      yield `${page} leads to ${link}, which is not packed`;
  }
  for (const file of files.filter((name) => /^dist\/.*\.js$/.test(name))) {
    const source = file.replace(/^dist/, 'lib').replace(/\.js$/, '.ts');
    if (!fs.existsSync(path.join(paths.root, source))) yield `${file} is packed, and has no source`;
  }
  if (exists('dist/facade.js') || !read('dist/core.js').includes('loadFacade'))
    yield 'dist/core.js is not one file';
}

/** What is wrong with the tarball of a release, whose repository is known. */
function* faultsOfRelease(folder, address) {
  const { scripts, devDependencies, repository, homepage, bugs } = JSON.parse(
    fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  if (scripts !== undefined || devDependencies !== undefined) yield 'package.json has scripts';
  if (repository?.url !== `git+${address}.git` || !homepage || !bugs)
    yield 'package.json lacks the repository';
  const readme = fs.readFileSync(path.join(folder, 'README.md'), 'utf8');
  for (const link of deadLinks('README.md', readme, () => false)) yield `README.md has the link ${link}`;
}

function contents(folder) {
  const suite = 'contents of the package';
  const target = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-release-'));
  try {
    const host = { GITHUB_SERVER_URL: 'https://git.example', GITHUB_REPOSITORY: 'someone/iocp-net' };
    const tarball = pack(target, host);
    execFileSync('tar', ['-xzf', tarball], { cwd: target });
    const released = path.join(target, 'package');
    const failures = [
      ...faultsIn(path.join(folder, 'node_modules', 'iocp-net')),
      ...faultsIn(released),
      ...faultsOfRelease(released, 'https://git.example/someone/iocp-net'),
    ];
    for (const failure of failures) console.error(`${suite}: ${failure}`);
    return { suite, passed: failures.length === 0 ? 1 : 0, failed: failures.length, failures };
  } finally {
    fs.rmSync(target, { recursive: true, force: true });
  }
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
    installTarball(folder);
    const wine = await prepareWine();
    const here = (args, { env, ...options }) =>
      run(process.execPath, args, { ...options, env: { ...process.env, ...env } });
    return [
      contents(folder),
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
