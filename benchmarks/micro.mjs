#!/usr/bin/env node
// Micro-benchmarks of the boundary: nanoseconds for one completion, one write, one chunk. They run in seconds, for the
// work on fast paths; what counts in the end is the suite.
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { describeMachine, machineLine } from './lib/machine.mjs';

const require = createRequire(import.meta.url);

const HELP = `usage: npm run bench:micro -- [--json]

The median over batches, and its quartiles.
`;

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  const rows = [...require('./micro/boundary.cjs').rows(), ...(await require('./micro/sockets.cjs').rows())];
  const machine = describeMachine();
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ machine, rows }, null, 2)}\n`);
  } else {
    process.stdout.write(`${machineLine(machine)}\n\n`);
    const width = Math.max(...rows.map(({ title }) => title.length));
    for (const { title, ns, low, high } of rows) {
      const range = `${Math.round(low)}–${Math.round(high)}`;
      process.stdout.write(`${title.padEnd(width)}  ${String(Math.round(ns)).padStart(7)} ns  (${range})\n`);
    }
  }
}
