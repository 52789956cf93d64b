#!/usr/bin/env node
// The figures of README.md, made from a result of the benchmark suite: what it says is what was measured.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gainsOf, gainsSentence, lossesSentence } from '../benchmarks/lib/gains.mjs';
import { nodeOf, renderSection, replaceSection } from '../benchmarks/lib/readme.mjs';
import { readResult } from '../benchmarks/lib/result.mjs';
import { summarizeAll } from '../benchmarks/lib/summary.mjs';
import { gainsPicture } from '../benchmarks/report/gains.mjs';
import paths from './lib/paths.cjs';

const FOLDER = 'benchmarks/results';
/** The result that the README speaks of. */
const RESULT = `${FOLDER}/linux-x64.json`;
/** The same on another version of Node. */
const OTHER_VERSION = /^linux-x64-node\d+\.json$/;
const PICTURE = 'docs/gains.svg';

const HELP = `usage: npm run bench:readme -- [--check]

Writes what ${RESULT} says into README.md (the gains, the table) and ${PICTURE}.

  --check   writes nothing, and fails where they differ from it
`;

function otherVersions() {
  const names = fs.readdirSync(path.join(paths.root, FOLDER)).filter((name) => OTHER_VERSION.test(name));
  return names.sort().map((name) => {
    const file = `${FOLDER}/${name}`;
    const result = readResult(path.join(paths.root, file));
    return { file, result, summaries: summarizeAll(result) };
  });
}

/** The files that are made, with their texts. Without a result there is nothing to claim. */
function made() {
  const readme = fs.readFileSync(path.join(paths.root, 'README.md'), 'utf8');
  const file = path.join(paths.root, RESULT);
  if (!fs.existsSync(file)) {
    return { 'README.md': replaceSection(replaceSection(readme, ''), '', 'gains'), [PICTURE]: undefined };
  }
  const result = readResult(file);
  const summaries = summarizeAll(result);
  const gains = gainsOf(summaries);
  const others = otherVersions();
  const section = renderSection(result, RESULT, others, summaries);
  const elsewhere = others.map((other) =>
    lossesSentence(gainsOf(other.summaries), `On ${nodeOf(other.result)}`),
  );
  const sentences = [gainsSentence(gains), ...elsewhere.filter((line) => line !== undefined)].join('\n');
  const picture = `![Processor time: node:net over iocp-net](${PICTURE})`;
  return {
    'README.md': replaceSection(replaceSection(readme, section), `${sentences}\n\n${picture}`, 'gains'),
    [PICTURE]: gainsPicture(gains, { date: result.date, node: result.machine.node }),
  };
}

function main() {
  const { values } = parseArgs({
    options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  for (const [name, text] of Object.entries(made())) {
    const file = path.join(paths.root, name);
    const before = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
    if (before === text) continue;
    if (values.check) throw new Error(`${name} differs from ${RESULT}: npm run bench:readme`);
    if (text === undefined) fs.rmSync(file);
    else fs.writeFileSync(file, text);
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`readme-bench: ${error.message}\n`);
  process.exitCode = 1;
}
