#!/usr/bin/env node
// Layout and lint of everything we write: biome for TypeScript, JavaScript and JSON, clang-format for C++, the generated
// half of the boundary, and the structure (scripts/check-structure.mjs). And whether
// what is generated from the boundary's definition is up to date.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { buildAddon } from './lib/ensure-built.mjs';
import paths from './lib/paths.cjs';
import { run } from './lib/run.mjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run lint [-- options]

  --fix    repair what can be repaired (npm run lint:fix)
  --tidy   clang-tidy alone, on what the Linux build compiles (npm run lint:native)
`;

const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

/** Files of git's index and new ones, never what is ignored. */
function nativeSources() {
  const patterns = ['*.cc', '*.h'];
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', ...patterns];
  return execFileSync('git', args, { cwd: paths.root, encoding: 'utf8' }).split('\n').filter(Boolean);
}

/** clang-tidy on every source of the addon for Linux. */
async function tidy() {
  buildAddon();
  const commands = JSON.parse(
    fs.readFileSync(path.join(paths.root, 'build', 'compile_commands.json'), 'utf8'),
  );
  const files = commands.map(({ file }) => file);
  // GCC's optimisation flags are unknown to clang.
  const args = ['--quiet', '--extra-arg=-Wno-ignored-optimization-argument', '-p', 'build'];
  const shares = Array.from({ length: os.availableParallelism() }, (_, n) =>
    files.filter((_file, index) => index % os.availableParallelism() === n),
  ).filter((share) => share.length > 0);
  const runs = shares.map((share) => run('clang-tidy', [...args, ...share], { cwd: paths.root }));
  return (await Promise.all(runs)).every(({ code }) => code === 0);
}

async function layout(fix) {
  const options = { cwd: paths.root };
  const generator = path.join(paths.root, 'scripts', 'generate-boundary.mjs');
  const boundary = await run(process.execPath, [generator, ...(fix ? [] : ['--check'])], options);
  const structure = await run(
    process.execPath,
    [path.join(paths.root, 'scripts', 'check-structure.mjs')],
    options,
  );
  const check = ['check', '--error-on-warnings', ...(fix ? ['--write'] : [])];
  const scripts = await run(process.execPath, [biome, ...check], options);
  const mode = fix ? ['-i'] : ['--dry-run', '-Werror'];
  const native = await run('clang-format', [...mode, ...nativeSources()], options);
  return [boundary, structure, scripts, native].every(({ code }) => code === 0);
}

async function main() {
  const tool = process.argv.includes('--tidy') ? 'clang-tidy' : 'clang-format';
  if (toolchain.onPath(tool) === undefined) {
    console.error(`iocp-net: C++ is checked by ${tool}: ${toolchain.aptLine([tool])}`);
    process.exitCode = 1;
    return;
  }
  const clean = tool === 'clang-tidy' ? await tidy() : await layout(process.argv.includes('--fix'));
  if (!clean) process.exitCode = 1;
}

if (process.argv.includes('--help')) process.stdout.write(HELP);
else await main();
