#!/usr/bin/env node
// Conversations over networks that misbehave (test/network), held by node:net and by the package: the same must come of
// them. A relay in user space, between two network namespaces, decides from one seed what becomes of each packet.
import path from 'node:path';
import { parseArgs } from 'node:util';
import judge from '../test/network/judge.js';
import network from '../test/network/network.js';
import scenarios from '../test/network/scenarios.js';
import { buildAddon, buildTypeScript } from './lib/ensure-built.mjs';
import nativeBuild from './lib/native-build.cjs';
import { grouped, writeSection } from './lib/page-section.mjs';
import paths from './lib/paths.cjs';
import { closeResults, handOver } from './lib/results.mjs';

const { SCENARIOS, FORGERY } = scenarios;

const HELP = `usage: npm run test:network -- [options]

  --short           seconds in place of a minute or two: less of everything, several scenarios at a time
  --only SCENARIO   ${Object.keys(SCENARIOS).join(', ')}
  --seed N          of the packets' fates and of the bytes (default: one at random, which is printed)
  --write           write what was measured into docs/reliability.md (the long form, all scenarios)
  --help            this text

Needs root with CAP_SYS_ADMIN and CAP_NET_ADMIN, and /dev/net/tun. Where these are not to be had nothing runs, and nothing
counts as passed. Whatever it makes is gone when it ends, however it ends.
`;

const SUITE = 'networks that misbehave';
const PAGE = path.join(paths.root, 'docs', 'reliability.md');
const PROGRESS_MS = 15_000;
const MINUTE_MS = 60_000;
const SHORT = {
  short: true,
  guardMs: 5 * MINUTE_MS,
  copies: 1,
  amounts: { bytes: 150_000, turns: 10 },
  atOnce: 5,
};
const LONG = {
  short: false,
  guardMs: 30 * MINUTE_MS,
  copies: 4,
  amounts: { bytes: 1_000_000, turns: 100 },
  atOnce: 3,
};
const FORGED = 'forged bytes are found';

const DOCKER = 'docker run --cap-add SYS_ADMIN --cap-add NET_ADMIN --device /dev/net/tun';

/** Faults of one scenario's run: of the traces, and of the network where it has not misbehaved. */
async function runScenario(name, options) {
  const { plan, long, shows } = SCENARIOS[name];
  const run = await network.converse({ ...options, plan: { ...plan, ...(options.short ? {} : long) } });
  const differences = judge.differences(run);
  const faults = [
    ...judge.wrongBytes(run, options).map(({ text }) => text),
    ...differences,
    ...shows.filter((what) => run.figures[what] === 0).map((what) => `the relay: ${what} is 0`),
  ];
  const bytes = [...run.traces.server.values(), ...run.traces.client.values()].reduce(
    (sum, { received }) => sum + received,
    0,
  );
  const traces = judge.countOf(run);
  const equal = traces - differences.length;
  return { name, faults, figures: run.figures, bytes, traces, equal, connections: run.tasks.length };
}

/** That the comparison can fail: whoever received it, forged contents have to be found. */
async function runForgery(options) {
  const run = await network.converse({ ...options, plan: FORGERY.plan });
  const found = new Set(judge.wrongBytes(run, options).map(({ implementation }) => implementation));
  const faults = ['node:net', 'iocp-net']
    .filter((one) => !found.has(one))
    .map((one) => `${run.figures.forged} packets were forged, and ${one} has received what was sent`);
  return { name: FORGED, faults };
}

async function runAll(names, options) {
  const results = [];
  const queue = [...names].reverse(); // the longest first
  const running = new Set();
  const progress = setInterval(
    () => console.log(`running: ${[...running].join(', ')}; ${queue.length} to come`),
    PROGRESS_MS,
  );
  const next = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const started = performance.now();
      running.add(name);
      const result = await attempt(name, () =>
        name === FORGED ? runForgery(options) : runScenario(name, options),
      );
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${name}: ${describe(result)}; ${seconds} s`);
      for (const fault of result.faults) console.error(`  ${fault}`);
      running.delete(name);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, next));
  clearInterval(progress);
  return names.map((name) => results.find((result) => result.name === name));
}

async function attempt(name, body) {
  try {
    return await body();
  } catch (error) {
    return { name, faults: [error.message] };
  }
}

function describe({ faults, figures, traces, equal, connections }) {
  if (faults.length > 0) return `${faults.length} faults`;
  if (figures === undefined) return 'so they are';
  const seen = Object.entries(figures).filter(([, count]) => count > 0);
  return `${connections} connections, ${equal} of ${traces} traces equal; ${seen.map(([what, count]) => `${what} ${count}`).join(', ')}`;
}

function table(results, seed) {
  return [
    '| Scenario | Seed | Packets | Delivered | Lost | In outages | Delayed | Held back | Twice | Corrupted | Connections | Bytes received | Equal traces |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...results
      .filter(({ figures }) => figures !== undefined)
      .map(({ name, figures, connections, bytes, traces, equal }) => {
        const { packets, delivered, lost, outages, lostInOutages } = figures;
        const outage = outages === 0 ? 0 : `${grouped(lostInOutages)} in ${outages}`;
        const { delayed, reordered, duplicated, corrupted } = figures;
        const middle = [delayed, reordered, duplicated, corrupted, connections, bytes].map(grouped);
        const fields = [name, seed, ...[packets, delivered, lost].map(grouped), outage, ...middle];
        return `| ${fields.join(' | ')} | ${equal} of ${traces} |`;
      }),
  ];
}

function skip(reason) {
  console.log(`\n${'='.repeat(100)}`);
  console.log(`SKIPPED, and nothing counts as passed: ${SUITE}`);
  console.log(`This system permits no network namespace or no TUN device: ${reason}`);
  console.log(`It needs root and, in a container: ${DOCKER}`);
  console.log(`${'='.repeat(100)}\n0 passed, 0 failed`);
  handOver([{ suite: SUITE, passed: 0, failed: 0, skipped: Object.keys(SCENARIOS).length + 1 }]);
}

function selection({ only, short, write: writes }) {
  if (writes && (short || only !== undefined))
    throw new Error('--write takes the long form of all scenarios');
  if (only === undefined) return [...Object.keys(SCENARIOS), FORGED];
  if (!(only in SCENARIOS)) throw new Error(`--only takes one of: ${Object.keys(SCENARIOS).join(', ')}`);
  return [only];
}

async function main() {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (process.platform !== 'linux') throw new Error('network namespaces and TUN devices are Linux');
  const names = selection(values);
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`--seed takes a number, not ${values.seed}`);
  await buildTypeScript();
  buildAddon();
  const relay = nativeBuild.buildRelay();
  const reason = await network.obstacle(relay);
  if (reason !== undefined) {
    skip(reason);
    return;
  }
  const form = values.short ? SHORT : LONG;
  console.log(`${SUITE}: seed ${seed}`);
  const results = await runAll(names, { relay, seed, ...form });
  const wrong = results.filter(({ faults }) => faults.length > 0);
  if (values.write && wrong.length === 0) writeSection(PAGE, 'network', table(results, seed));
  const failures = wrong.map(({ name, faults }) => `seed ${seed}, ${name}:\n${faults.join('\n')}`);
  const failed = wrong.length;
  closeResults([{ suite: SUITE, passed: results.length - failed, failed, failures }]);
}

try {
  await main();
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
