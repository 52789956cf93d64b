#!/usr/bin/env node
// The engine over a kernel in memory: random programs against a model, the same programs on Linux's kernel, and defects
// that are put into a copy of the sources to see that they are found.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { copySources, withEdits } from './lib/edited-copy.mjs';
import { MUTATIONS } from './lib/mutations.mjs';
import nativeBuild from './lib/native-build.cjs';
import { grouped, writeSection } from './lib/page-section.mjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run test:simulation -- [options]

  --steps N       random steps on the simulated kernel (default 1000000)
  --seed N        of the first world (default: one at random, which is printed)
  --parity N      programs that run on both kernels (default 40)
  --no-sanitize   without AddressSanitizer and UndefinedBehaviorSanitizer: several times as fast
  --mutations     put known defects into a copy of the sources instead, and see that each is found
  --write         write what was measured into docs/reliability.md, and keep the programs that found the defects
  --help          this text

A failure prints its seed and the program that is left when every step that it does not need is taken out. Kept as
test/sim/programs/NAME.sim, it runs first from then on.
`;

const PROGRAMS = path.join(paths.root, 'test', 'sim', 'programs');
const PAGE = path.join(paths.root, 'docs', 'reliability.md');
const SUITE = 'simulation on linux';
const TIMEOUT_MS = 8 * 60_000;
const MUTATION_LIMIT_MS = 60_000; // of the issue: each is found within a minute
const PARITY_TRIES = 3; // Linux may be late with an event where it is busy: a difference that stays is one
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

function start(program, args, timeoutMs = TIMEOUT_MS) {
  const options = { cwd: paths.root, encoding: 'utf8', timeout: timeoutMs, maxBuffer: OUTPUT_BYTES_MAX };
  const { status, signal, stdout, stderr } = spawnSync(program, args, options);
  return { status, signal, output: `${stdout}${stderr}` };
}

function runSteps(folder, { steps, seed }) {
  const args = ['--programs', PROGRAMS, '--steps', String(steps)];
  if (seed !== undefined) args.push('--seed', String(seed));
  console.log(`${SUITE}: ${steps} steps`);
  const { status, signal, output } = start(path.join(folder, 'sim_test'), args, 0);
  process.stdout.write(output);
  if (status !== 0) return { failure: `sim_test: ${signal ?? `exit code ${status}`}\n${output}` };
  return { figures: JSON.parse(output.trim().split('\n').at(-1)) };
}

/** The first line that differs, or undefined. */
function firstDifference(ours, theirs) {
  const [left, right] = [ours.split('\n'), theirs.split('\n')];
  const at = left.findIndex((line, index) => line !== right[index]);
  if (at < 0) return undefined;
  const program = left.slice(0, at + 1).findLast((line) => line.startsWith('program'));
  return `${program}\n  simulated: ${left[at]}\n  Linux:     ${right[at]}`;
}

function runParity(folder, { programs, seed }) {
  const args = ['--seed', String(seed), '--programs', String(programs)];
  console.log(`${SUITE}: ${programs} programs on both kernels, from seed ${seed}`);
  const simulated = start(path.join(folder, 'parity_sim'), args).output;
  let difference;
  for (let attempt = 0; attempt < PARITY_TRIES; attempt++) {
    difference = firstDifference(simulated, start(path.join(folder, 'parity_epoll'), args).output);
    if (difference === undefined && !simulated.includes('FAILED')) return {};
  }
  return { failure: `the kernels do not agree: ${difference ?? simulated.slice(-1000)}` };
}

/** @param {{steps?: number, seed?: string, programs?: number, sanitize?: boolean}} [options] */
export function testSimulation({ steps = 1_000_000, seed, programs = 40, sanitize = true } = {}) {
  const folder = nativeBuild.buildSimulation({ sanitize: sanitize ? 'address' : '' });
  const paritySeed = seed ?? String(Math.floor(Math.random() * 2 ** 32));
  const results = [
    runSteps(folder, { steps, seed }),
    ...(programs > 0 ? [runParity(folder, { programs, seed: paritySeed })] : []),
  ];
  const failures = results.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  for (const failure of failures) console.error(failure);
  const passed = results.length - failures.length;
  const record = { suite: SUITE, passed, failed: failures.length, failures };
  return { record, figures: results[0].figures, programs };
}

function findMutation(folder, { name, edits }) {
  const keep = path.join(folder, 'found.sim');
  fs.rmSync(keep, { force: true });
  return withEdits(folder, edits, () => {
    const program = path.join(
      nativeBuild.buildSimulation({ source: folder, target: 'sim_test' }),
      'sim_test',
    );
    const seed = Math.floor(Math.random() * 2 ** 48);
    const args = ['--seed', String(seed), '--steps', '1000000000', '--quiet', '--keep', keep];
    const { output } = start(program, args, 3 * MUTATION_LIMIT_MS);
    const found = /FAILED after ([\d.]+) s: world (\d+): (.*)/.exec(output);
    const seconds = Number(found?.[1] ?? Infinity);
    const steps = /shrunk from \d+ steps to (\d+)/.exec(output)?.[1];
    console.log(
      `${name}: ${found ? `${found[1]} s, world ${found[2]}, ${steps} steps: ${found[3]}` : 'NOT FOUND'}`,
    );
    return {
      name,
      seed,
      world: found?.[2],
      seconds,
      steps,
      finding: found?.[3],
      program: found && fs.readFileSync(keep, 'utf8'),
    };
  });
}

function findMutations() {
  const folder = copySources(['CMakeLists.txt', 'cmake', 'addon', 'test/sim']);
  try {
    return MUTATIONS.map((mutation) => findMutation(folder, mutation));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function writeFigures({ figures, programs }) {
  writeSection(PAGE, 'simulation', [
    '| Seed | Steps | Worlds | Connections | Bytes | Completions | Faults | Leaks | Programs on both kernels | Time |',
    '|---|---|---|---|---|---|---|---|---|---|',
    `| ${figures.seed} | ${grouped(figures.steps)} | ${grouped(figures.worlds)} | ${grouped(figures.connections)} | ${grouped(
      figures.bytes,
    )} | ${grouped(figures.completions)} | ${grouped(figures.faults)} | ${figures.leaks} | ${programs} | ${figures.seconds} s |`,
  ]);
}

/** A program that finds a defect is one to keep. */
function keepPrograms(found) {
  for (const { name, program } of found) {
    const file = `${name.replace(/[^a-z]+/g, '-')}.sim`;
    fs.writeFileSync(path.join(PROGRAMS, file), `# Finds: ${name}.\n${program}`);
  }
}

function writeMutations(found) {
  writeSection(PAGE, 'mutations', [
    '| Defect | Found after | Seed | World | Steps left | As |',
    '|---|---|---|---|---|---|',
    ...found.map(
      ({ name, seconds, seed, world, steps, finding }) =>
        `| ${name} | ${seconds} s | ${seed} | ${world} | ${steps} | ${finding} |`,
    ),
  ]);
}

function main() {
  const { values } = parseArgs({
    options: {
      steps: { type: 'string', default: '1000000' },
      seed: { type: 'string' },
      parity: { type: 'string', default: '40' },
      'no-sanitize': { type: 'boolean', default: false },
      mutations: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
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
      const found = findMutations();
      const missed = found.filter(({ seconds }) => seconds * 1000 > MUTATION_LIMIT_MS);
      if (values.write && missed.length === 0) {
        writeMutations(found);
        keepPrograms(found);
      }
      closeResults([
        {
          suite: 'mutations',
          passed: found.length - missed.length,
          failed: missed.length,
          failures: missed.map(({ name }) => name),
        },
      ]);
      return;
    }
    const result = testSimulation({
      steps: Number(values.steps),
      seed: values.seed,
      programs: Number(values.parity),
      sanitize: !values['no-sanitize'],
    });
    if (values.write && result.record.failed === 0) writeFigures(result);
    closeResults([result.record]);
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}

if (import.meta.filename === process.argv[1]) main();
