#!/usr/bin/env node
// JavaScript's half and the binding over a kernel in memory: the specs of the contract, and node:net's promises under every
// fault.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, machineLine } from '../benchmarks/lib/machine.mjs';
import { buildTypeScript } from './lib/ensure-built.mjs';
import { findFacadeMutations } from './lib/facade-mutants.mjs';
import { runMocha, SUITE_TIMEOUT_MS } from './lib/mocha.mjs';
import nativeBuild from './lib/native-build.cjs';
import { grouped, today, writeRow, writeSection } from './lib/page-section.mjs';
import paths from './lib/paths.cjs';
import { closeResults, readResults } from './lib/results.mjs';
import { run } from './lib/run.mjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run test:simulated-contract -- [options] [spec files]

The specs of test/contract on the simulated kernel (addon/sim), but for those that need a system of their own
(test/sim/left-out.js), with everything that a kernel may do unnoticed. Then random connections under all faults, of which
node:net's promises must hold.

  --seed N         what everything comes from (default: one at random, which is printed)
  --faults KIND    for the specs: unnoticed (default), or none
  --strict         a spec that fails once has failed; otherwise when it fails from two more seeds as well
  --contract       the specs alone; so do spec files
  --promises       the random connections alone
  --worlds N       of random connections (default 150)
  --grep PATTERN   only specs whose full title matches
  --mutations      put known defects into a copy of the sources instead, and see that each is found
  --write          write what was found, or what was played, into docs/reliability.md
  --help           this text
`;

const PAGE = path.join(paths.root, 'docs', 'reliability.md');

const CONTRACT = 'contract on the simulated kernel';
const PROMISES = 'promises on the simulated kernel';
const PROMISE_SPECS = ['promises', 'failed-write'].map((name) => `test/sim/${name}.spec.js`);

async function suite(name, addon, settings, { files, grep, only = [], onFigures = () => {} }) {
  console.log(`\n${name}: seed ${settings.seed}`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-figures-'));
  const figures = path.join(folder, 'figures');
  const start = (args, env) =>
    run(process.execPath, [...args, ...only], {
      cwd: paths.root,
      timeoutMs: SUITE_TIMEOUT_MS,
      env: {
        ...process.env,
        IOCP_NET_ADDON: addon,
        IOCP_NET_SIMULATION: JSON.stringify({ ...settings, figures }),
        ...env,
      },
    });
  try {
    const records = await runMocha(name, start, { grep, files });
    if (records.every(({ failed }) => failed === 0)) readResults(figures).forEach(onFigures);
    return records.map((record) => ({ ...record, suite: name }));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** A row for what was played without a failure, in the place of the earlier one. */
function writeFigures({ kind, count, seed, connections, bytes, faults }) {
  const numbers = [grouped(count), seed, ...[connections, bytes, faults].map(grouped)];
  writeRow(PAGE, 'simulated-contract', [kind, ...numbers, today(), machineLine(describeMachine())]);
}

/** @param {{seed?: number, faults?: string, strict?: boolean, contract?: boolean, promises?: boolean, worlds?: number, grep?: string, files?: string[], onFigures?: (figures: object) => void}} [options] */
export async function testSimulatedContract(options = {}) {
  const { seed = Math.floor(Math.random() * 2 ** 32), faults = 'unnoticed', worlds = 150, grep } = options;
  const { files = [], strict = false, onFigures } = options;
  const contract = options.contract || files.length > 0;
  await buildTypeScript();
  nativeBuild.buildTestAddon();
  const addon = nativeBuild.buildSimulationAddon();
  const records = [];
  if (contract || !options.promises) {
    const specs = files.length > 0 ? files : ['test/contract/*.spec.js'];
    const only = ['--require', './test/sim/only-simulated.js'];
    records.push(
      ...(await suite(CONTRACT, addon, { seed, faults, strict }, { files: specs, grep, only, onFigures })),
    );
  }
  if (options.promises || !contract) {
    const settings = { seed, worlds };
    records.push(...(await suite(PROMISES, addon, settings, { files: PROMISE_SPECS, grep, onFigures })));
  }
  return records;
}

/** Each has to be found within a minute, and as a promise that it breaks. */
function testFacadeMutations({ write = false }) {
  const found = findFacadeMutations();
  const failures = found.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`${name}: ${problem}`],
  );
  if (write && failures.length === 0) {
    writeSection(PAGE, 'facade-mutations', [
      '| Defect | Found after | Seed | World | By | As |',
      '|---|---|---|---|---|---|',
      ...found.map(
        ({ name, seconds, seed, world, spec, finding }) =>
          `| ${name} | ${seconds.toFixed(1)} s | ${seed} | ${world} | \`${spec}\` | ${finding} |`,
      ),
    ]);
  }
  const passed = found.length - failures.length;
  return { suite: "mutations of JavaScript's half", passed, failed: failures.length, failures };
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      faults: { type: 'string' },
      strict: { type: 'boolean' },
      contract: { type: 'boolean' },
      promises: { type: 'boolean' },
      worlds: { type: 'string' },
      grep: { type: 'string' },
      mutations: { type: 'boolean' },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  try {
    const missing = toolchain.missingForBuild();
    if (missing.length > 0) throw new Error(`the simulation needs: ${toolchain.aptLine(missing)}`);
    if (values.mutations) {
      closeResults([testFacadeMutations(values)]);
      return;
    }
    const numbers = Object.fromEntries(
      ['seed', 'worlds'].filter((name) => name in values).map((name) => [name, Number(values[name])]),
    );
    if (values.write && (positionals.length > 0 || values.grep !== undefined)) {
      throw new Error('--write is for whole runs: leave out --grep and the names of files');
    }
    const onFigures = values.write ? writeFigures : undefined;
    closeResults(await testSimulatedContract({ ...values, ...numbers, files: positionals, onFigures }));
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}

if (import.meta.filename === process.argv[1]) await main();
