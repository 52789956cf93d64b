#!/usr/bin/env node
// Who waits because of others: quiet connections beside those that never stop sending, to one server, on node:net and on
// the port in turn.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { latencyFigures } from '../benchmarks/lib/histogram.mjs';
import { choosePinning } from '../benchmarks/lib/machine.mjs';
import { prepare } from '../benchmarks/lib/prepare.mjs';
import { startLoad, startServer } from '../benchmarks/lib/server-process.mjs';
import { median } from '../benchmarks/lib/statistics.mjs';
import { resolveTransport } from '../benchmarks/lib/transports.mjs';
import { grouped, writeSection } from './lib/page-section.mjs';
import paths from './lib/paths.cjs';

const HELP = `usage: npm run bench:fairness -- [options]

50 quiet connections send 64 bytes and wait for the answer; beside them 0, 1, 8 and 32 flooders keep 16 messages of 64 KiB
under way. What the quiet ones wait, and how late a timer of the server is.

  --rounds N    of each kind, in turn (default 7)
  --write       write the table into docs/reliability.md
  --help        this text
`;

const PAGE = path.join(paths.root, 'docs', 'reliability.md');
const QUIET = { scenario: 'echo', parameters: { connections: 50, bytes: 64 } };
const FLOODERS = [0, 1, 8, 32];
const TRANSPORTS = ['node:net', 'iocp-net'];
const WARM_MS = 1_500;
const MEASURE_MS = 2_000;

const flood = (connections) => ({
  scenario: 'echo',
  parameters: { connections, bytes: 64 * 1024, depth: 16 },
});

/** One server under one load, long enough to be warm. */
async function measure(transport, flooders, settings) {
  const { server, listening } = await startServer(QUIET, resolveTransport(transport), settings);
  const loads = [];
  try {
    const quiet = startLoad(QUIET, listening, settings);
    loads.push(quiet);
    await quiet.answer();
    let flooding;
    if (flooders > 0) {
      const load = startLoad(flood(flooders), listening, settings);
      loads.push(load);
      await load.answer();
      flooding = load.ask(`closed ${WARM_MS + MEASURE_MS + 1_000}`);
    }
    await quiet.ask(`closed ${WARM_MS}`);
    await server.ask('watch');
    const { latenciesNs } = await quiet.ask(`closed ${MEASURE_MS}`);
    const { loopDelayP99Us } = await server.ask('watched');
    const { p50Us, p99Us } = latencyFigures(latenciesNs);
    const { bytesReceived = 0, elapsedNs = 1 } = (await flooding) ?? {};
    return { p50Us, p99Us, loopDelayP99Us, floodMbPerSecond: (bytesReceived / elapsedNs) * 1_000 };
  } finally {
    for (const load of loads) await load.kill();
    await server.quit();
  }
}

/** The medians over the rounds, for each number of flooders and each transport. */
async function measureAll(rounds, settings) {
  const samples = new Map();
  for (let round = 1; round <= rounds; round++) {
    for (const flooders of FLOODERS) {
      const order = round % 2 === 0 ? TRANSPORTS : TRANSPORTS.toReversed();
      for (const transport of order) {
        process.stderr.write(`round ${round} of ${rounds}: ${flooders} flooders, ${transport}\n`);
        const key = `${flooders} ${transport}`;
        samples.set(key, [...(samples.get(key) ?? []), await measure(transport, flooders, settings)]);
      }
    }
  }
  return (flooders, transport, figure) =>
    median(samples.get(`${flooders} ${transport}`).map((sample) => sample[figure]));
}

function table(figureOf) {
  const both = (flooders, figure, format) =>
    TRANSPORTS.map((transport) => format(figureOf(flooders, transport, figure))).join(' / ');
  const microseconds = (us) => grouped(Math.round(us));
  const milliseconds = (us) => (us / 1_000).toFixed(1);
  return [
    '| Flooders | Quiet connections wait, median, µs | p99, µs | A timer is late, p99, ms | Flooders get, MB/s |',
    '|---|---|---|---|---|',
    ...FLOODERS.map((flooders) => {
      const flood = flooders === 0 ? '' : both(flooders, 'floodMbPerSecond', microseconds);
      const waits = ['p50Us', 'p99Us'].map((figure) => both(flooders, figure, microseconds));
      return `| ${[flooders, ...waits, both(flooders, 'loopDelayP99Us', milliseconds), flood].join(' | ')} |`;
    }),
  ];
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const rounds = Number(values.rounds);
  if (!(rounds >= 1)) throw new Error('--rounds takes a number from 1 on');
  const settings = { ...(await prepare()), pinning: choosePinning() };
  const lines = table(await measureAll(rounds, settings));
  process.stdout.write(`${TRANSPORTS.join(' / ')}, medians of ${rounds} rounds\n${lines.join('\n')}\n`);
  if (values.write) writeSection(PAGE, 'fairness', lines);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench:fairness: ${error.message}\n`);
  process.exitCode = 1;
}
