#!/usr/bin/env node
// Two results, cell by cell: npm run bench:compare -- A.json B.json
//
// What is compared is the ratio to node:net in the same run, so that a machine that was slower one day does not count;
// node:net itself is compared directly, and shows how far the two days can be compared at all.
import { parseArgs } from 'node:util';
import { compareResults } from './lib/comparison.mjs';
import * as format from './lib/format.mjs';
import { readResult } from './lib/result.mjs';

const HELP = `usage: npm run bench:compare -- A.json B.json [--transport NAME] [--json]

A ratio above 1 says that B needs less than A.
`;

function printLines(comparisons) {
  let transport;
  for (const one of comparisons) {
    if (one.transport !== transport) {
      transport = one.transport;
      const how = one.relative ? `as a ratio to ${one.relative} in the same run` : 'directly';
      process.stdout.write(`\n${transport}, ${how}\n`);
    }
    process.stdout.write(`  ${`${one.group}, ${one.title}`.padEnd(64)} ${format.ratio(one.ratio)}\n`);
  }
  const differing = comparisons.filter(
    ({ ratio }) => ratio.verdict === 'better' || ratio.verdict === 'worse',
  );
  process.stdout.write(`\n${differing.length} of ${comparisons.length} cells differ at the 95 % level\n`);
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      transport: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || positionals.length !== 2) {
    process.stdout.write(HELP);
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  const [a, b] = positionals.map(readResult);
  const comparisons = compareResults(a, b).filter(
    ({ transport }) => values.transport === undefined || transport === values.transport,
  );
  if (comparisons.length === 0) throw new Error('the two results have no cell of a transport in common');
  if (values.json) process.stdout.write(`${JSON.stringify(comparisons, null, 2)}\n`);
  else printLines(comparisons);
}

try {
  main();
} catch (error) {
  process.stderr.write(`bench:compare: ${error.message}\n`);
  process.exitCode = 1;
}
