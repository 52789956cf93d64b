#!/usr/bin/env node
// Builds the addon for this system, or for Windows (a cross build, on Linux).
import { parseArgs } from 'node:util';
import nativeBuild from './lib/native-build.cjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run build:native -- [options]

  --platform linux|win32   the system to build for (default: this one; win32 on Linux needs mingw-w64)
  --debug                  with assertions
  --out FOLDER             build folder (default: build; with --debug build-debug/build; for win32 build-win32-x64/build)
  --define NAME=VALUE      a further definition for cmake; may be repeated
  --help                   this text

The package loads build/Release. For another build set IOCP_NET_PREBUILD to the folder above its build folder:
  npm run build:native -- --debug && IOCP_NET_PREBUILD=$PWD/build-debug node program.js
`;

const { values } = parseArgs({
  options: {
    platform: { type: 'string', default: process.platform },
    debug: { type: 'boolean', default: false },
    out: { type: 'string' },
    define: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

function build() {
  const cross = values.platform === 'win32' && process.platform !== 'win32';
  const missing = cross ? toolchain.missingForWindows() : toolchain.missingForBuild();
  if (missing.length > 0) throw new Error(`missing for the build: ${toolchain.installLine(missing)}`);
  const folders = [cross ? 'build-win32-x64' : 'build', ...(values.debug ? ['debug'] : [])];
  const out = values.out ?? (folders.join('-') === 'build' ? 'build' : `${folders.join('-')}/build`);
  const defines = Object.fromEntries(values.define.map((text) => text.split(/=(.*)/s, 2)));
  const config = values.debug ? 'Debug' : 'Release';
  console.log(
    nativeBuild.buildNative({ platform: values.platform, out, config, defines, output: 'inherit' }),
  );
}

if (values.help) {
  process.stdout.write(HELP);
} else {
  try {
    build();
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}
