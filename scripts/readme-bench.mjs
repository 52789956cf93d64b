#!/usr/bin/env node
// The table of README.md, made from a result of the benchmark suite: what it says is what was measured.
//
// usage: node scripts/readme-bench.mjs [--check]
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { renderSection, replaceSection } from '../benchmarks/lib/readme.mjs';
import { readResult } from '../benchmarks/lib/result.mjs';
import paths from './lib/paths.cjs';

const FOLDER = 'benchmarks/results';
/** The result that the README speaks of. */
const RESULT = `${FOLDER}/linux-x64.json`;
/** The same on another version of Node. */
const OTHER_VERSION = /^linux-x64-node\d+\.json$/;

function otherVersions() {
  const names = fs.readdirSync(path.join(paths.root, FOLDER)).filter((name) => OTHER_VERSION.test(name));
  return names.sort().map((name) => {
    const file = `${FOLDER}/${name}`;
    return { file, result: readResult(path.join(paths.root, file)) };
  });
}

function main() {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const readme = path.join(paths.root, 'README.md');
  const before = fs.readFileSync(readme, 'utf8');
  const file = path.join(paths.root, RESULT);
  // Without a result there is nothing to claim.
  const section = fs.existsSync(file) ? renderSection(readResult(file), RESULT, otherVersions()) : '';
  const after = replaceSection(before, section);
  if (before === after) return;
  if (values.check) throw new Error(`README.md differs from ${RESULT}: node scripts/readme-bench.mjs`);
  fs.writeFileSync(readme, after);
}

try {
  main();
} catch (error) {
  process.stderr.write(`readme-bench: ${error.message}\n`);
  process.exitCode = 1;
}
