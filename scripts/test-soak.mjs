#!/usr/bin/env node
// Hours of mixed traffic between two processes (test/soak), every byte looked at. npm test plays some seconds of it.
import path from 'node:path';
import { parseArgs } from 'node:util';
import soaking from '../test/soak/soak.js';
import { buildAddon, buildTypeScript } from './lib/ensure-built.mjs';
import nativeBuild from './lib/native-build.cjs';
import { grouped, sectionOf, writeSection } from './lib/page-section.mjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';

const HELP = `usage: npm run test:soak -- [options]

  --minutes N        of traffic (default 60)
  --rounds N         in so many parts; after each nothing may be left, and memory may not have grown (default 12)
  --connections N    held open all the time, beside those that come and go (default 10000)
  --others N         of each other kind at a time: churn, slow readers, single bytes (default 20)
  --seed N           what each connection does (default: one at random, which is printed)
  --write            write what was measured into docs/reliability.md
  --help             this text

Each process needs a descriptor for each connection: "ulimit -n" says how many there are.
`;

const PAGE = path.join(paths.root, 'docs', 'reliability.md');
const MINUTE_MS = 60_000;
const SPARE_DESCRIPTORS = 1_000;

const mebibytes = (bytes) => Math.round(bytes / 2 ** 20);

const HEAD = [
  'Engine',
  'Seed',
  'Minutes',
  'Held open',
  'Connections',
  'Bytes sent back',
  'Wrong',
  'Workers terminated',
  'Forks',
  'Left: endpoints',
  'Left: descriptors since the second round',
  'Memory of the server after each round, MiB',
  'of the load',
];

/** One row; `left` is of the server, `done.left` of the load. */
function summary({ engine, results }, { connections, minutes, seed }) {
  const sum = (what) => results.reduce((total, { done }) => total + done[what], 0);
  const [second, last] = [results[1] ?? results[0], results.at(-1)];
  const since = (of) => of(last).descriptors - of(second).descriptors;
  return `| ${[
    engine,
    seed,
    minutes,
    grouped(connections),
    grouped(sum('opened')),
    grouped(sum('bytes')),
    sum('wrongs'),
    last.terminated,
    last.held,
    last.left.endpoints + last.done.left.endpoints,
    since(({ left }) => left) + since(({ done }) => done.left),
    results.map(({ left }) => mebibytes(left.rss)).join(', '),
    results.map(({ done }) => mebibytes(done.left.rss)).join(', '),
  ].join(' | ')} |`;
}

/** The page's table with this run; the rows of other numbers of connections stay. */
function table(row, connections) {
  const held = (line) => line.split(' | ')[3];
  const before = sectionOf(PAGE, 'soak')
    .split('\n')
    .filter((line) => /^\| (epoll|iocp) /.test(line) && line.split('|').length === row.split('|').length)
    .filter((line) => held(line) !== grouped(connections));
  return [`| ${HEAD.join(' | ')} |`, `|${'---|'.repeat(HEAD.length)}`, ...before, row];
}

function showProgress({ round, rounds, opened, bytes, wrongs }) {
  const line = `round ${round} of ${rounds}: ${grouped(opened)} connections, ${mebibytes(bytes)} MiB, ${wrongs} wrong`;
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[2K${line}` : `${line}\n`);
}

function descriptorLimit() {
  return Number(process.report.getReport().userLimits?.open_files?.soft ?? Number.POSITIVE_INFINITY);
}

async function main() {
  const number = (name, fallback) => ({ [name]: { type: 'string', default: String(fallback) } });
  const { values } = parseArgs({
    options: {
      ...number('minutes', 60),
      ...number('rounds', 12),
      ...number('connections', 10_000),
      ...number('others', 20),
      ...number('seed', Math.floor(Math.random() * 2 ** 31)),
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [minutes, rounds, connections, others, seed] = [
    ...[values.minutes, values.rounds, values.connections, values.others, values.seed],
  ].map(Number);
  if (connections + SPARE_DESCRIPTORS > descriptorLimit()) {
    throw new Error(`too few descriptors: first type "ulimit -n ${connections + SPARE_DESCRIPTORS}"`);
  }
  await buildTypeScript();
  buildAddon();
  nativeBuild.buildTestAddon();
  console.log(`${minutes} minutes in ${rounds} rounds, ${grouped(connections)} connections, seed ${seed}`);
  const roundMs = (minutes * MINUTE_MS) / rounds;
  const result = await soaking.soak({
    ...{ rounds, roundMs, connections, others, seed },
    onProgress: showProgress,
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const row = summary(result, { connections, minutes, seed });
  console.log(`| ${HEAD.join(' | ')} |\n${row}`);
  for (const fault of result.faults) console.error(fault);
  if (values.write && result.faults.length === 0) writeSection(PAGE, 'soak', table(row, connections));
  const failed = result.faults.length > 0 ? 1 : 0;
  closeResults([{ suite: 'soak', passed: 1 - failed, failed, failures: result.faults }]);
}

try {
  await main();
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
