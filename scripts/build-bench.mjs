#!/usr/bin/env node
// Builds the programs of the benchmarks: the load generator and the floor.
import { parseArgs } from 'node:util';
import nativeBuild from './lib/native-build.cjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run build:bench -- [--platform linux|win32]

The default is this system; win32 on Linux is a cross build with mingw-w64.
`;

function main() {
  const { values } = parseArgs({
    options: {
      platform: { type: 'string', default: process.platform },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const foreign = values.platform === 'win32' && process.platform !== 'win32';
  const missing = foreign ? toolchain.missingForWindows() : toolchain.missingForBuild();
  if (missing.length > 0) throw new Error(`the benchmarks' programs need: ${toolchain.aptLine(missing)}`);
  console.log(nativeBuild.buildBenchmarks({ platform: values.platform }));
}

try {
  main();
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
