// Puts each defect of facade-mutations.mjs into a copy of the sources, and looks for it with random connections.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { copySources, withEdits } from './edited-copy.mjs';
import { FACADE_MUTATIONS } from './facade-mutations.mjs';
import nativeBuild from './native-build.cjs';
import paths from './paths.cjs';
import { readResults } from './results.mjs';

const LIMIT_MS = 60_000; // each is found within a minute
const WORLD_GUARD_MS = 10_000;
const LINGER_MS = 1_000; // a world that hangs leaves its sockets open
const WORLDS = 1_000_000;
const SPECS = ['promises', 'failed-write'].map((name) => `test/sim/${name}.spec.js`);
const SOURCES = [
  'CMakeLists.txt',
  'cmake',
  'addon',
  'lib',
  'test/sim',
  'test/support',
  'test/runner',
  'package.json',
  'tsconfig.json',
  '.mocharc.cjs',
];

const require = createRequire(import.meta.url);
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

function compile(folder, name) {
  const options = { cwd: folder, encoding: 'utf8' };
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--project', 'tsconfig.json'], options);
  if (status !== 0) throw new Error(`${name} does not compile: ${stdout}`);
  return nativeBuild.buildSimulationAddon({ source: folder });
}

/** The first failed spec: its file, what it says, and the world that it has failed in. */
function firstFailure(results) {
  const [text] = readResults(results).flatMap(({ failures }) => failures);
  if (text === undefined) return undefined;
  const [, ...lines] = text.split('\n').map((line) => line.trim());
  return {
    text,
    lines,
    spec: /test\/[\w/-]+\.spec\.js/.exec(text)?.[0],
    world: /--seed (\d+)/.exec(text)?.[1],
  };
}

function look(folder, { name, broken }) {
  const addon = compile(folder, name);
  const seed = Math.floor(Math.random() * 2 ** 32);
  const settings = { seed, worlds: WORLDS, guardMs: WORLD_GUARD_MS };
  const results = path.join(folder, 'results');
  fs.rmSync(results, { force: true });
  const started = Date.now();
  const { stdout, stderr } = spawnSync(process.execPath, ['node_modules/mocha/bin/mocha.js', ...SPECS], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...process.env,
      IOCP_NET_ADDON: addon,
      IOCP_NET_SIMULATION: JSON.stringify(settings),
      IOCP_NET_RESULTS: results,
      IOCP_NET_LINGER_MS: String(LINGER_MS),
    },
    timeout: LIMIT_MS + WORLD_GUARD_MS,
    killSignal: 'SIGKILL',
  });
  const seconds = (Date.now() - started) / 1_000;
  const failure = firstFailure(results);
  const finding = failure?.lines.find((line) => broken.some((one) => one.test(line)));
  let problem;
  if (failure === undefined) problem = `not found within ${seconds} s\n${stdout}${stderr}`;
  else if (finding === undefined) problem = `fails otherwise: ${failure.text}`;
  else if (seconds * 1_000 > LIMIT_MS) problem = `found after ${seconds} s, which is too late`;
  const { spec, world } = failure ?? {};
  console.log(`${name}: ${problem ?? `${seconds} s, world ${world}: ${finding}`}`);
  return { name, seed, seconds, spec, world, finding, problem };
}

/** @returns {{name: string, seed: number, seconds: number, spec?: string, world?: string, finding?: string, problem?: string}[]} */
export function findFacadeMutations() {
  const folder = copySources(SOURCES);
  try {
    fs.symlinkSync(path.join(paths.root, 'node_modules'), path.join(folder, 'node_modules'));
    return FACADE_MUTATIONS.map((mutation) =>
      withEdits(folder, mutation.edits, () => look(folder, mutation)),
    );
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
