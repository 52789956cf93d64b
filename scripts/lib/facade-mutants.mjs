// Puts each defect of facade-mutations.mjs into a copy of the sources, and looks for it with random connections.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { copySources, withEdits } from './edited-copy.mjs';
import { FACADE_MUTATIONS } from './facade-mutations.mjs';
import nativeBuild from './native-build.cjs';
import paths from './paths.cjs';

const LIMIT_MS = 60_000; // each is found within a minute
const WORLD_GUARD_MS = 20_000;
const WORLDS = 1_000_000;
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

function look(folder, { name }) {
  const options = { cwd: folder, encoding: 'utf8' };
  const compiled = spawnSync(process.execPath, [tsc, '--project', 'tsconfig.json'], options);
  if (compiled.status !== 0) throw new Error(`${name} does not compile: ${compiled.stdout}`);
  const addon = nativeBuild.buildSimulationAddon({ source: folder });
  const seed = Math.floor(Math.random() * 2 ** 32);
  const settings = { seed, worlds: WORLDS, guardMs: WORLD_GUARD_MS };
  const started = Date.now();
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/mocha/bin/mocha.js', 'test/sim/promises.spec.js'],
    {
      ...options,
      env: { ...process.env, IOCP_NET_ADDON: addon, IOCP_NET_SIMULATION: JSON.stringify(settings) },
      timeout: LIMIT_MS + WORLD_GUARD_MS,
      killSignal: 'SIGKILL',
    },
  );
  const seconds = (Date.now() - started) / 1_000;
  if (stderr.includes('Exception during run')) throw new Error(stderr);
  const finding = /^ +Error: (.*)/m.exec(stdout)?.[1];
  const world = /--seed (\d+)/.exec(stdout)?.[1];
  console.log(`${name}: ${finding ? `${seconds} s, world ${world}: ${finding}` : 'NOT FOUND'}`);
  return { name, seed, world, seconds, finding };
}

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
