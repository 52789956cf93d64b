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

/** The result that the README speaks of. */
const RESULT = 'benchmarks/results/linux-x64.json';

function main() {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const readme = path.join(paths.root, 'README.md');
  const before = fs.readFileSync(readme, 'utf8');
  const file = path.join(paths.root, RESULT);
  // Without a result there is nothing to claim.
  const section = fs.existsSync(file) ? renderSection(readResult(file), RESULT) : '';
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
