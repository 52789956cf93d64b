#!/usr/bin/env node
// The package iocp-net-bench: the benchmark suite with its load generator for each system. The package iocp-net stays
// small without it.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import nativeBuild from './lib/native-build.cjs';
import paths from './lib/paths.cjs';
import { repositoryFields } from './lib/published.mjs';
import targets from './lib/targets.cjs';
import toolchain from './lib/toolchain.cjs';

const TARGETS = ['linux-x64', 'linux-arm64', 'win32-x64'];

const HELP = `usage: node scripts/pack-bench.mjs [--target NAME]

Puts the package iocp-net-bench into build-package/iocp-net-bench: npm publish, or npm pack, from there.

  --target NAME   programs for this system alone; may be repeated (default: ${TARGETS.join(', ')})
`;

const FOLDER = path.join(paths.root, 'build-package', 'iocp-net-bench');

const SUITE = ['lib', 'scenarios', 'server', 'report'];
/** What the suite asks of the checkout's scripts: another version of Node from npm, and what a build needs. */
const SCRIPTS = ['node-package.cjs', 'paths.cjs', 'toolchain.cjs'];
/** The suite finds iocp-net where the checkout has it. */
const PACKAGE = {
  'index.js': "module.exports = require('iocp-net');\n",
  'dist/engine.js': "module.exports = require('iocp-net/engine');\n",
  'dist/register.js': "require('iocp-net/register');\n",
};

const README = `# iocp-net-bench

Compares node:net, iocp-net and other runtimes on this machine:

    npx iocp-net-bench --quick

\`--help\` lists the options. Programs for Linux (x64, arm64) and Windows (x64) are in the package.
`;

function manifest() {
  const { version, license, author, engines } = JSON.parse(
    fs.readFileSync(path.join(paths.root, 'package.json'), 'utf8'),
  );
  return {
    ...{ name: 'iocp-net-bench', version, description: 'The benchmark suite of iocp-net', license, author },
    ...{ engines, main: 'index.js', type: 'commonjs' },
    bin: { 'iocp-net-bench': 'benchmarks/run.mjs' },
    dependencies: { 'iocp-net': version },
    ...repositoryFields(),
  };
}

function write(name, text) {
  const file = path.join(FOLDER, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

function copy(from, to = from) {
  fs.cpSync(path.join(paths.root, from), path.join(FOLDER, to), { recursive: true });
}

function copyCharts() {
  const folder = path.dirname(createRequire(import.meta.url).resolve('chart.js'));
  const target = path.join(FOLDER, 'dist', 'bench');
  fs.mkdirSync(target, { recursive: true });
  fs.copyFileSync(path.join(folder, 'chart.umd.min.js'), path.join(target, 'chart.umd.min.js'));
  fs.copyFileSync(path.join(folder, '..', 'LICENSE.md'), path.join(target, 'chart.LICENSE.md'));
}

function copyPrograms(target) {
  const missing = targets.missingFor(target);
  if (missing.length > 0) throw new Error(`no compiler for ${target}: ${toolchain.aptLine(missing)}`);
  const programs = nativeBuild.buildBenchmarks({ target });
  fs.cpSync(programs, path.join(FOLDER, 'prebuilds', target), { recursive: true });
}

function main() {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', multiple: true, default: TARGETS },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  fs.rmSync(FOLDER, { recursive: true, force: true });
  write('package.json', `${JSON.stringify(manifest(), null, 2)}\n`);
  write('README.md', README);
  for (const [name, text] of Object.entries(PACKAGE)) write(name, text);
  copy('LICENSE');
  copy('THIRD-PARTY.md');
  copy('licenses');
  for (const name of fs.readdirSync(path.join(paths.root, 'benchmarks'))) {
    if (name.endsWith('.mjs') || SUITE.includes(name)) copy(`benchmarks/${name}`);
  }
  for (const name of SCRIPTS) copy(`scripts/lib/${name}`);
  copyCharts();
  for (const target of values.target) copyPrograms(target);
  console.log(path.relative(paths.root, FOLDER));
}

try {
  main();
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
