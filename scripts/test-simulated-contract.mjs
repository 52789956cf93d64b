#!/usr/bin/env node
// JavaScript's half and the binding over a kernel in memory: the specs of the contract, and node:net's promises under every
// fault.
import { parseArgs } from 'node:util';
import { buildTypeScript } from './lib/ensure-built.mjs';
import { findFacadeMutations } from './lib/facade-mutants.mjs';
import { runMocha, SUITE_TIMEOUT_MS } from './lib/mocha.mjs';
import nativeBuild from './lib/native-build.cjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
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
  --help           this text
`;

const CONTRACT = 'contract on the simulated kernel';
const PROMISES = 'promises on the simulated kernel';
const PROMISE_SPECS = ['promises', 'failed-write'].map((name) => `test/sim/${name}.spec.js`);

async function suite(name, addon, settings, { files, grep, only = [] }) {
  console.log(`\n${name}: seed ${settings.seed}`);
  const start = (args, env) =>
    run(process.execPath, [...args, ...only], {
      cwd: paths.root,
      timeoutMs: SUITE_TIMEOUT_MS,
      env: {
        ...process.env,
        IOCP_NET_ADDON: addon,
        IOCP_NET_SIMULATION: JSON.stringify(settings),
        ...env,
      },
    });
  const records = await runMocha(name, start, { grep, files });
  return records.map((record) => ({ ...record, suite: name }));
}

/** @param {{seed?: number, faults?: string, strict?: boolean, contract?: boolean, promises?: boolean, worlds?: number, grep?: string, files?: string[]}} [options] */
export async function testSimulatedContract(options = {}) {
  const { seed = Math.floor(Math.random() * 2 ** 32), faults = 'unnoticed', worlds = 150, grep } = options;
  const { files = [], strict = false } = options;
  const contract = options.contract || files.length > 0;
  await buildTypeScript();
  nativeBuild.buildTestAddon();
  const addon = nativeBuild.buildSimulationAddon();
  const records = [];
  if (contract || !options.promises) {
    const specs = files.length > 0 ? files : ['test/contract/*.spec.js'];
    const only = ['--require', './test/sim/only-simulated.js'];
    records.push(...(await suite(CONTRACT, addon, { seed, faults, strict }, { files: specs, grep, only })));
  }
  if (options.promises || !contract) {
    const settings = { seed, worlds };
    records.push(...(await suite(PROMISES, addon, settings, { files: PROMISE_SPECS, grep })));
  }
  return records;
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
      const found = findFacadeMutations();
      const missed = found.filter(({ finding }) => finding === undefined).map(({ name }) => name);
      const suite = "mutations of JavaScript's half";
      closeResults([
        { suite, passed: found.length - missed.length, failed: missed.length, failures: missed },
      ]);
      return;
    }
    const numbers = Object.fromEntries(
      ['seed', 'worlds'].filter((name) => name in values).map((name) => [name, Number(values[name])]),
    );
    closeResults(await testSimulatedContract({ ...values, ...numbers, files: positionals }));
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}

if (import.meta.filename === process.argv[1]) await main();
