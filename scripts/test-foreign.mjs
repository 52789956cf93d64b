#!/usr/bin/env node
// Other projects' own test suites, plainly and over the preload, compared test by test.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { appliesTo } from './foreign/compare.mjs';
import { filesOfPackage, findFiles, findFolder } from './foreign/folders.mjs';
import { writePage } from './foreign/page.mjs';
import { printReport } from './foreign/report.mjs';
import { missingForSuite, withServers } from './foreign/servers.mjs';
import { runSuite } from './foreign/suite-run.mjs';
import nodePackage from './lib/node-package.cjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run test:foreign -- [options] [SUITE ...]

Runs other projects' test suites twice, plainly and with the preload (NODE_OPTIONS=--require iocp-net/register), and
compares them test by test. It fails if a test passes on one side alone, if a process crashes, hangs or exits over the
preload alone, if a difference that scripts/foreign/known.json lists is gone, and if a suite never reached the port.
A file with a difference is repeated on both sides; what passes only now and then is reported as unsteady.

Suites whose tests are in their npm package are downloaded into the cache. The others need a checkout with its
dependencies installed (npm install) and built, if its tests need that. Some suites try addresses of the internet: in a
network namespace with nothing but loopback (unshare -n) they stay on this machine.

  --folder NAME=DIR   a suite's checkout; may be repeated
  --package DIR       the package under test: a checkout with dist/ and a built engine, or an installed iocp-net
                      (default: this one)
  --node FILE         the node to run with; by default this one, or for suites that need a newer one, one from npm
  --file TEXT         only test files whose name contains the text
  --rounds N          how often a file with a difference runs, on each side (default 3)
  --json FILE         where the results are written, after every suite; those of other suites are kept there
  --page              writes docs/foreign-suites.md from the file of --json
  --suites FILE       a module that exports \`suites\` of its own, in the form of scripts/foreign/suites.mjs
  --known FILE        the list of known differences that belongs to them
  --list              the suites, and what they need
  --help

`;

/** For suites that need a newer Node than the one that runs this. */
const NODE_VERSIONS = { 22: '22.23.3', 24: '24.21.0' };

const OPTIONS = {
  folder: { type: 'string', multiple: true, default: [] },
  package: { type: 'string', default: paths.root },
  node: { type: 'string' },
  file: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  json: { type: 'string' },
  page: { type: 'boolean' },
  suites: { type: 'string', default: path.join(paths.root, 'scripts', 'foreign', 'suites.mjs') },
  known: { type: 'string', default: path.join(paths.root, 'scripts', 'foreign', 'known.json') },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
};

function printList(suites) {
  for (const { name, npm, servers = {}, node } of suites) {
    const needs = [...(npm ? [] : ['a folder']), ...Object.keys(servers), ...(node ? [`Node ${node}`] : [])];
    console.log(`${name.padEnd(22)} ${needs.length > 0 ? `needs ${needs.join(', ')}` : ''}`.trimEnd());
  }
}

function givenFolders(values, suites) {
  const given = new Map();
  for (const value of values) {
    const at = value.indexOf('=');
    const name = value.slice(0, at);
    if (at < 1 || !suites.some((suite) => suite.name === name))
      throw new Error(`--folder ${value}: expected NAME=DIR with the name of a suite (--list)`);
    const folder = path.resolve(value.slice(at + 1));
    if (!fs.existsSync(folder)) throw new Error(`--folder ${value}: there is no ${folder}`);
    given.set(name, folder);
  }
  return given;
}

function nodeFor(suite, given) {
  if (given) return path.resolve(given);
  const own = Number(process.versions.node.split('.')[0]);
  if (suite.node === undefined || own >= suite.node) return process.execPath;
  const system = process.platform === 'win32' ? 'win' : 'linux';
  return nodePackage.fetchNode(system, NODE_VERSIONS[suite.node]);
}

function versionOf(folder) {
  return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
}

/** The results of earlier runs for the suites that are not run now, and the new ones, in the order of the list. */
function mergeResults(file, results, suites) {
  const earlier = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : [];
  const all = new Map([...earlier, ...results].map((result) => [result.suite, result]));
  return suites.map(({ name }) => all.get(name)).filter((result) => result !== undefined);
}

/** Runs a suite, or says why it cannot run here. */
async function attempt(suite, values, given, preload, known) {
  const missing = missingForSuite(suite);
  if (missing.length > 0) return { suite: suite.name, skipped: toolchain.aptLine(missing) };
  const folder = await findFolder(suite, given);
  if (folder === undefined) return { suite: suite.name, skipped: `--folder ${suite.name}=DIR` };
  const files = findFiles(suite, folder).filter((name) => name.includes(values.file ?? ''));
  if (files.length === 0) return { suite: suite.name, error: `no test files in ${folder}` };
  const node = nodeFor(suite, values.node);
  const nodeVersion = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  return withServers(suite, async (ports) => {
    const variables = typeof suite.env === 'function' ? suite.env(ports) : suite.env;
    const job = { suite, folder, files, node, variables, preload };
    for (const script of suite.before ?? []) {
      const env = { ...process.env, ...variables };
      execFileSync(node, [script], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] });
    }
    const listed = known.filter((entry) => entry.suite === suite.name && appliesTo(entry, nodeVersion));
    // A few files of a suite may open no connection.
    const inMemory = suite.inMemory === true || values.file !== undefined;
    const result = await runSuite(job, { rounds: Number(values.rounds), listed, inMemory });
    const date = new Date().toISOString().slice(0, 10);
    return { ...result, version: versionOf(folder), node: nodeVersion, date };
  });
}

async function testForeign(values, names, suites) {
  for (const name of names) {
    if (!suites.some((suite) => suite.name === name)) throw new Error(`no suite ${name} (--list)`);
  }
  const given = givenFolders(values.folder, suites);
  const known = JSON.parse(fs.readFileSync(values.known, 'utf8'));
  const preload = filesOfPackage(path.resolve(values.package));
  const results = [];
  for (const suite of suites) {
    if (names.length > 0 && !names.includes(suite.name)) continue;
    let result;
    try {
      result = await attempt(suite, values, given, preload, known);
    } catch (error) {
      result = { suite: suite.name, error: error.message };
    }
    printReport(result);
    results.push(result);
    if (values.json) {
      const merged = mergeResults(values.json, [result], suites);
      fs.writeFileSync(values.json, `${JSON.stringify(merged, null, 2)}\n`);
    }
  }
  if (values.page) {
    const merged = values.json ? mergeResults(values.json, [], suites) : results;
    writePage(path.join(paths.root, 'docs', 'foreign-suites.md'), merged, known);
  }
  return results;
}

/** What npm's closing line counts: tests that pass on both sides, and differences. */
function toRecord({ suite, skipped, error, same = 0, defects = [], gone = [], reached = true }) {
  if (skipped !== undefined) return { suite, passed: 0, failed: 0, skipped: 1 };
  if (error !== undefined) return { suite, passed: 0, failed: 1 };
  return { suite, passed: same, failed: defects.length + gone.length + (reached ? 0 : 1) };
}

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const { suites } = await import(pathToFileURL(path.resolve(values.suites)));
  if (values.list) printList(suites);
  else closeResults((await testForeign(values, positionals, suites)).map(toRecord));
}

try {
  await main();
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
