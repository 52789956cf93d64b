#!/usr/bin/env node
// Fills prebuilds/<system>-<arch> through prebuildify, for the systems of which this machine has a compiler.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import nativeBuild from './lib/native-build.cjs';
import paths from './lib/paths.cjs';
import { runOrThrow } from './lib/run.mjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run prebuild -- [options]

  --platform linux|win32   this one alone; may be repeated (default: both)
  --help                   this text

The files go to prebuilds/linux-<arch> and prebuilds/win32-x64: the addon, and the programs of iocp-net bench.
`;

// Node-API 8 runs on every Node from 20 on; the number only names a target.
const NODE_TARGET = '20.0.0';

const SYSTEMS = {
  linux: { arch: process.arch, strip: 'strip', missing: toolchain.missingForBuild, tags: ['--tag-libc'] },
  win32: { arch: 'x64', strip: 'x86_64-w64-mingw32-strip', missing: toolchain.missingForWindows, tags: [] },
};

// What Node 20 and later themselves ask of a Linux system.
const VERSION_FLOORS = { GLIBC: '2.28', GLIBCXX: '3.4.21', CXXABI: '1.3.9' };

/** Fails when the addon asks for a newer C or C++ library than Node does. */
function checkVersionFloors(file) {
  const symbols = execFileSync('objdump', ['--dynamic-syms', file], { encoding: 'utf8' });
  for (const [, library, version, name] of symbols.matchAll(/\((GLIBC|GLIBCXX|CXXABI)_([\d.]+)\) +(\S+)/g)) {
    if (version.localeCompare(VERSION_FLOORS[library], 'en', { numeric: true }) > 0) {
      throw new Error(
        `${file} needs ${name} of ${library} ${version}; Node runs from ${VERSION_FLOORS[library]} on`,
      );
    }
  }
}

async function prebuild(platform) {
  const { arch, strip, missing, tags } = SYSTEMS[platform];
  const packages = missing();
  if (packages.length > 0) throw new Error(`no compiler for ${platform}: ${toolchain.aptLine(packages)}`);
  // A folder of its own, since prebuildify moves the result out of build/Release.
  const folder = path.join(paths.root, `build-prebuild-${platform}-${arch}`);
  fs.mkdirSync(folder, { recursive: true });
  const prebuildify = createRequire(import.meta.url).resolve('prebuildify/bin.js');
  const target = ['--napi', '--target', NODE_TARGET, '--platform', platform, '--arch', arch];
  const result = ['--name', 'iocp-net', '--strip', '--strip-bin', strip, '--out', paths.root, ...tags];
  await runOrThrow(process.execPath, [prebuildify, ...target, ...result], {
    cwd: folder,
    env: {
      ...process.env,
      PREBUILD_NODE_GYP: path.join(paths.root, 'scripts', 'lib', 'prebuild-node-gyp.cjs'),
    },
  });
  const output = path.join('prebuilds', `${platform}-${arch}`);
  // Linked statically: they ask nothing of a system's libraries.
  const programs = nativeBuild.buildBenchmarks({ platform });
  for (const name of fs.readdirSync(programs)) {
    fs.copyFileSync(path.join(programs, name), path.join(paths.root, output, name));
  }
  for (const name of fs.readdirSync(path.join(paths.root, output))) {
    const file = path.join(output, name);
    if (platform === 'linux' && name.endsWith('.node')) checkVersionFloors(path.join(paths.root, file));
    console.log(file);
  }
}

const { values } = parseArgs({
  options: {
    platform: { type: 'string', multiple: true, default: ['linux', 'win32'] },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  try {
    for (const platform of values.platform) {
      if (!(platform in SYSTEMS)) throw new Error(`there is no engine for ${platform}`);
      await prebuild(platform);
    }
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}
