#!/usr/bin/env node
// Node's own tests of net and of what is built on it, plainly and over the preload, compared test by test.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { appliesTo } from './foreign/compare.mjs';
import { filesOfPackage } from './foreign/folders.mjs';
import { printReport } from './foreign/report.mjs';
import { PROGRAM } from './foreign/run-files.mjs';
import { runSuite } from './foreign/suite-run.mjs';
import nodePackage from './lib/node-package.cjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import { buildWindowsEngine, windowsEngineEnvironment } from './lib/windows-engine.mjs';
import { prepareWine, windowsPath } from './lib/wine.mjs';
import { extractTests } from './node-tests/extract.mjs';
import { writeNodePage } from './node-tests/page.mjs';
import { DEFAULT_MODULES, MODULES, selectTests } from './node-tests/select.mjs';

const HELP = `usage: npm run test:node -- [options]

Runs the test files of Node's repository twice, plainly and with the preload (NODE_OPTIONS=--require iocp-net/register),
one file a process, and compares them. A test counts when it passes plainly and does not need Node's internals. It fails
if a counted test is lost in three tries that scripts/node-tests/known.json does not list, and if a listed one is not.

The tests are Node's and not part of this repository. They are copied into a temporary folder from one of these:

  --folder DIR             a checkout of nodejs/node, or another folder that contains its test directory
  --git DIR --commit SHA   a git directory, and what to take from it: a tag of nodejs/node (v20.20.2), or a commit of
                           denoland/node_test, which has the tests of some versions

  --modules LIST           of ${MODULES.join(',')} (default ${DEFAULT_MODULES.join(',')})
  --node-version VERSION   run on this Node, fetched from npm (for example 24.21.0), instead of the running one
  --node FILE              run on this executable
  --windows                on node.exe with the Windows engine, under Wine, as npm run test:windows does
  --filter TEXT            only test files whose name contains the text
  --write                  writes the results to docs/node-suites.md; those of other versions and modules are kept there
  --help

`;

const OPTIONS = {
  folder: { type: 'string' },
  git: { type: 'string' },
  commit: { type: 'string' },
  modules: { type: 'string', default: DEFAULT_MODULES.join(',') },
  'node-version': { type: 'string' },
  node: { type: 'string' },
  windows: { type: 'boolean' },
  filter: { type: 'string' },
  write: { type: 'boolean' },
  help: { type: 'boolean' },
};

const ROUNDS = 3;
/** What Node's own runner gives a test on a slow machine. */
const TIMEOUT_MS = 120_000;
/** Under Wine several tests hang plainly, too. */
const WINE_TIMEOUT_MS = 45_000;
/** Modules whose connections the port carries; the others stay with libuv. */
const CARRIED = ['net', 'http'];
/** Test files that want a port known beforehand get one that another run beside this one does not use. */
const FIRST_PORT = 12_346;
const PORTS_PER_RUN = 20;
const RUNS = 1_000;

function modulesOf(text) {
  const names = text.split(',').filter(Boolean);
  const unknown = names.find((name) => !MODULES.includes(name));
  if (unknown !== undefined || names.length === 0)
    throw new Error(`--modules ${text}: expected some of ${MODULES.join(',')}`);
  return MODULES.filter((name) => names.includes(name));
}

function executable(values) {
  if (values.node !== undefined) return path.resolve(values.node);
  const version = values['node-version'];
  return version === undefined ? process.execPath : nodePackage.fetchNode('linux', version);
}

/** What runs the tests on this system: the executable, and its version. */
function prepareLinux(values) {
  const node = executable(values);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  return { node, version, path: (file) => file };
}

/** The same under Wine; `node` is then Linux' of the same version, for what it says of itself. */
async function prepareWindows(values) {
  if (values.node !== undefined)
    throw new Error('--windows fetches its node.exe: --node-version, not --node');
  const { runNode, nodeVersion } = await prepareWine({ nodeVersion: values['node-version'] });
  buildWindowsEngine();
  const node = nodePackage.fetchNode('linux', nodeVersion);
  return { node, version: nodeVersion, path: windowsPath, elsewhere: { runNode, path: windowsPath } };
}

/** The list of known differences, in the form in which results are judged by it. */
function readKnown() {
  const file = path.join(paths.root, 'scripts', 'node-tests', 'known.json');
  return JSON.parse(fs.readFileSync(file, 'utf8')).map((entry) => ({
    ...entry,
    test: PROGRAM,
    kind: 'lost',
  }));
}

async function testModule(module, job, { filter, known, version }) {
  const { files, internals } = selectTests(job.folder, module, filter);
  if (files.length === 0) return { suite: module, skipped: 'another --filter' };
  const suite = { name: module, runner: 'node', timeoutMs: job.elsewhere ? WINE_TIMEOUT_MS : TIMEOUT_MS };
  const result = await runSuite(
    { ...job, suite, files },
    {
      rounds: ROUNDS,
      listed: known.filter((entry) => entry.suite === module && appliesTo(entry, version)),
      inMemory: filter !== undefined || !CARRIED.includes(module),
    },
  );
  return { ...result, internals, date: new Date().toISOString().slice(0, 10) };
}

async function testNode(values, temporary) {
  const modules = modulesOf(values.modules);
  if (values.write && values.filter !== undefined)
    throw new Error('--write wants whole modules: leave out --filter');
  const folder = path.join(temporary, 'tree');
  fs.mkdirSync(folder);
  const tests = extractTests(values, folder);
  const wine = values.windows === true;
  const { node, version, path: seen, elsewhere } = await (wine ? prepareWindows : prepareLinux)(values);
  console.log(`Node ${version}${wine ? ' under Wine' : ''}, tests of ${tests}`);
  const scratch = path.join(temporary, 'scratch');
  fs.mkdirSync(scratch);
  const variables = {
    NODE_TEST_DIR: seen(scratch),
    NODE_COMMON_PORT: String(FIRST_PORT + (process.pid % RUNS) * PORTS_PER_RUN),
    ...(wine && windowsEngineEnvironment()),
  };
  const job = { folder, node, elsewhere, variables, preload: filesOfPackage(paths.root) };
  const known = readKnown();
  const results = [];
  for (const module of modules) {
    const result = await testModule(module, job, { filter: values.filter, known, version });
    printReport(result);
    results.push(result);
    if (!values.write) continue;
    const page = path.join(paths.root, 'docs', 'node-suites.md');
    writeNodePage(page, { nodeFile: node, node: version, wine, tests, results }, known, MODULES);
  }
  return results;
}

/** What npm's closing line counts. What passes over the preload alone is no test that counts. */
function toRecord({ suite, skipped, same, defects, gone, reached }) {
  if (skipped !== undefined) return { suite, passed: 0, failed: 0, skipped: 1 };
  const lost = defects.filter(({ kind }) => kind === 'lost');
  return { suite, passed: same, failed: lost.length + gone.length + (reached ? 0 : 1) };
}

async function main() {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (process.platform !== 'linux')
    throw new Error('the tests are run on Linux: a process ends with its group');
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-node-tests-'));
  for (const event of ['exit', 'SIGINT', 'SIGTERM'])
    process.once(event, () => fs.rmSync(temporary, { recursive: true, force: true }));
  closeResults((await testNode(values, temporary)).map(toRecord));
}

try {
  await main();
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
