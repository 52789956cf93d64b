// Brings dist/ and the addon up to date; both are quick when nothing has changed.
import { createRequire } from 'node:module';
import path from 'node:path';
import nativeBuild from './native-build.cjs';
import paths from './paths.cjs';
import { runOrThrow } from './run.mjs';
import toolchain from './toolchain.cjs';

const require = createRequire(import.meta.url);

export async function buildTypeScript() {
  const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const options = { cwd: paths.root };
  await runOrThrow(process.execPath, [tsc, '--project', 'tsconfig.json'], options);
  await runOrThrow(process.execPath, [path.join('scripts', 'harden-dist.mjs')], options);
}

/** Builds the addon for this system; throws with the line that says what to install. */
export function buildAddon(options = {}) {
  const missing = toolchain.missingForBuild();
  if (missing.length > 0) {
    throw new Error(`the native engine cannot be built. To get it: ${toolchain.installLine(missing)}`);
  }
  return nativeBuild.buildNative(options);
}
