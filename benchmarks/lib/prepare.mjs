// The programs of the suite: as they came with the package, or built when there is a compiler.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { findProgram, folders } from './places.mjs';

const require = createRequire(import.meta.url);

/** In a checkout sources change: an up-to-date build is a matter of a blink. */
const isCheckout = () => fs.existsSync(path.join(folders.package, 'tsconfig.json'));

function build() {
  const scripts = path.join(folders.package, 'scripts', 'lib');
  const toolchain = require(path.join(scripts, 'toolchain.cjs'));
  const missing = toolchain.missingForBuild();
  if (missing.length > 0) {
    throw new Error(`the load generator cannot be built. To get it: ${toolchain.aptLine(missing)}`);
  }
  require(path.join(scripts, 'native-build.cjs')).buildBenchmarks();
}

/** @returns {Promise<{loadProgram: string}>} */
export async function prepare() {
  // Under Wine and on Windows there is nothing to build with: the programs are cross-built on Linux.
  const mayBuild = process.platform === 'linux';
  if (mayBuild && (isCheckout() || findProgram('iocp_net_load') === undefined)) build();
  const loadProgram = findProgram('iocp_net_load');
  if (loadProgram === undefined) {
    throw new Error('the load generator is not there; on Linux: npm run build:bench -- --platform win32');
  }
  return { loadProgram };
}
