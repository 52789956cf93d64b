#!/usr/bin/env node
// Fills prebuilds/<system>-<processor> through prebuildify, one engine for each target of scripts/lib/targets.cjs.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { neededByElf, neededByPe } from './lib/imports.mjs';
import paths from './lib/paths.cjs';
import { runOrThrow } from './lib/run.mjs';
import targets from './lib/targets.cjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run prebuild -- [options]

  --target NAME   this one alone; may be repeated (default: ${Object.keys(targets.TARGETS).join(', ')})
  --list          prints what is in prebuilds/: libraries asked for, size and sha256. A build writes the same to
                  prebuilds/engines.txt, which is packed
  --help          this text
`;

// Node-API 8 runs on every Node from 20 on; the number only names a target.
const NODE_TARGET = '20.0.0';

// What Node 20 and later themselves ask of a Linux system.
const VERSION_FLOORS = { GLIBC: '2.28', GLIBCXX: '3.4.21', CXXABI: '1.3.9' };
/** What is on every system that the engine is for: what Node itself links there, or what is Windows 10's own. */
const LIBRARIES = {
  glibc: ['libc.so.6', 'libm.so.6', 'libstdc++.so.6', 'libgcc_s.so.1', 'libpthread.so.0', 'libdl.so.2'],
  musl: ['libc.so'], // musl's loader takes that for itself
  win32: ['ADVAPI32.dll', 'KERNEL32.dll', 'msvcrt.dll', 'ntdll.dll', 'WS2_32.dll'],
};

// For its targets Zig builds its C++ library first, which takes long where system calls take a microsecond.
const TIMEOUT_MS = 60 * 60_000;

const newer = (a, b) => a.localeCompare(b, 'en', { numeric: true }) > 0;

function objdump(name, args) {
  const strip = targets.stripFor(name);
  const program = strip === undefined ? 'objdump' : strip.replace(/strip$/, 'objdump');
  return execFileSync(program, args, { encoding: 'utf8' });
}

/** The newest version of each library that the file asks for, as { GLIBC: '2.17' }. */
function libraryVersions(name, file) {
  const newest = {};
  const symbols = objdump(name, ['--dynamic-syms', file]);
  for (const [, library, version] of symbols.matchAll(/\((GLIBC|GLIBCXX|CXXABI)_([\d.]+)\)/g)) {
    if (newest[library] === undefined || newer(version, newest[library])) newest[library] = version;
  }
  return newest;
}

const needed = (name, file) =>
  targets.TARGETS[name].platform === 'win32' ? neededByPe(file) : neededByElf(file);

/** Fails when the addon asks for a library that the system may not have, or a newer C or C++ library than Node does. */
function checkLibraries(name, file) {
  const { platform, libc } = targets.TARGETS[name];
  const known = LIBRARIES[libc ?? platform];
  const foreign = needed(name, file).filter((library) => !known.includes(library));
  if (foreign.length > 0) throw new Error(`${file} needs ${foreign.join(', ')}`);
  if (libc !== 'glibc') return;
  for (const [library, version] of Object.entries(libraryVersions(name, file))) {
    if (newer(version, VERSION_FLOORS[library])) {
      throw new Error(`${file} needs ${library} ${version}; Node runs from ${VERSION_FLOORS[library]} on`);
    }
  }
}

function fileOf(name) {
  const { platform, arch, libc } = targets.TARGETS[name];
  const tags = ['iocp-net', ...(libc === undefined ? [] : [libc]), 'node'];
  return path.join(paths.root, 'prebuilds', `${platform}-${arch}`, tags.join('.'));
}

async function prebuild(name) {
  const { platform, arch, libc } = targets.TARGETS[name];
  const packages = targets.missingFor(name);
  if (packages.length > 0) throw new Error(`no compiler for ${name}: ${toolchain.aptLine(packages)}`);
  // A folder of its own, since prebuildify moves the result out of build/Release.
  const folder = path.join(paths.root, `build-prebuild-${name}`);
  fs.mkdirSync(folder, { recursive: true });
  const prebuildify = createRequire(import.meta.url).resolve('prebuildify/bin.js');
  const strip = targets.stripFor(name);
  const args = [
    ...['--napi', '--target', NODE_TARGET, '--platform', platform, '--arch', arch],
    ...['--name', 'iocp-net', '--out', paths.root],
    ...(libc === undefined ? [] : ['--tag-libc', libc]),
    ...(strip === undefined ? [] : ['--strip', '--strip-bin', strip]),
  ];
  await runOrThrow(process.execPath, [prebuildify, ...args], {
    cwd: folder,
    timeoutMs: TIMEOUT_MS,
    env: {
      ...process.env,
      IOCP_NET_TARGET: name,
      PREBUILD_NODE_GYP: path.join(paths.root, 'scripts', 'lib', 'prebuild-node-gyp.cjs'),
    },
  });
  checkLibraries(name, fileOf(name));
}

/** A line of what a reader wants to know of an engine before loading it. */
function describe(name) {
  const file = fileOf(name);
  if (!fs.existsSync(file)) return `${name}: not built`;
  const { platform, libc } = targets.TARGETS[name];
  const libraries =
    platform === 'linux' && libc === 'glibc'
      ? Object.entries(libraryVersions(name, file)).map((pair) => pair.join(' '))
      : [`built for ${platform === 'linux' ? 'musl 1.2' : 'Windows 10'}`, ...needed(name, file).sort()];
  const bytes = fs.readFileSync(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return `${path.relative(paths.root, file)}: ${libraries.join(', ')}; ${bytes.length} bytes; sha256 ${sha256}`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', multiple: true, default: Object.keys(targets.TARGETS) },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const unknown = values.target.find((name) => !Object.hasOwn(targets.TARGETS, name));
  if (unknown !== undefined) throw new Error(`there is no engine for ${unknown}`);
  if (!values.list) {
    for (const name of values.target) await prebuild(name);
    const all = Object.keys(targets.TARGETS).map(describe);
    fs.writeFileSync(path.join(paths.root, 'prebuilds', 'engines.txt'), `${all.join('\n')}\n`);
  }
  for (const name of values.target) console.log(describe(name));
}

try {
  await main();
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
