#!/usr/bin/env node
'use strict';
// iocp-net build: builds the engine of an installed package from its sources, for a system without a prebuilt one.
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { buildNative } = require('./lib/native-build.cjs');
const { fetchPackage } = require('./lib/node-package.cjs');
const { root } = require('./lib/paths.cjs');
const { installLine, missingForBuild } = require('./lib/toolchain.cjs');

const HELP = `usage: iocp-net build

Builds the native engine from the sources in the package. It needs a C++ compiler with C++20, cmake, and make or ninja;
what is missing is said with the line that installs it. Node's headers and node-addon-api are fetched from npm when the
machine has none. The result goes to build/Release in the package's folder; installing the package again removes it.
`;

const NODE_ADDON_API = { name: 'node-addon-api', version: '8' };

function nodeAddonApi() {
  try {
    return require('node-addon-api').include_dir;
  } catch {
    return fetchPackage(NODE_ADDON_API.name, NODE_ADDON_API.version);
  }
}

/** Loads the engine in a process of its own: this one may have another in memory. */
function engineOf(file) {
  const source = 'const addon = require(process.argv[1]); addon.features(); console.log(addon.name)';
  return execFileSync(process.execPath, ['-e', source, file], { encoding: 'utf8' }).trim();
}

function build() {
  if (process.platform !== 'linux') {
    throw new Error(
      `there is no engine to build on ${process.platform}: the package runs on node:net there, and on Windows on its prebuilt engine (in a checkout: npm run build:native)`,
    );
  }
  const missing = missingForBuild();
  if (missing.length > 0) throw new Error(`missing for the build: ${installLine(missing)}`);
  const defines = { IOCP_NET_NODE_ADDON_API: nodeAddonApi() };
  const file = buildNative({ defines, output: 'failure' });
  process.stdout.write(`${path.relative(process.cwd(), file)}: the ${engineOf(file)} engine\n`);
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else {
  try {
    build();
  } catch (error) {
    process.stderr.write(`iocp-net: ${error.message}\n`);
    if (error.code === 'EACCES' || error.code === 'EROFS') {
      process.stderr.write(
        `iocp-net: the build writes to ${root}: run it as the user who owns that folder\n`,
      );
    }
    process.exitCode = 1;
  }
}
