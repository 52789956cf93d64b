// The compiled package in one file, which loads twice as fast as 70, and under Wine four times: what is packed.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import esbuild from 'esbuild-wasm';
import paths from './paths.cjs';

/** Files of folders that what users load needs besides `core.js`: these stay files. */
const FILES = ['node/debug.js', 'node/define.js', 'port/locate.js'];

/** Whether the file of dist/ stays beside `core.js`, which holds all others. */
export function staysBeside(name) {
  return name !== 'facade.js' && (!/[\\/]/.test(name) || FILES.includes(name.replaceAll('\\', '/')));
}

/** `core.js` of this folder becomes one file with what it leads to. */
export async function bundleCore(dist) {
  const outfile = path.join(dist, 'core.js');
  const files = {
    name: 'files of their own',
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ path: name, resolveDir }) => {
        const file = path.relative(dist, path.join(resolveDir, name)).replaceAll('\\', '/');
        return FILES.includes(file) ? { path: `./${file}`, external: true } : undefined;
      });
    },
  };
  await esbuild.build({
    ...{ entryPoints: [outfile], outfile, allowOverwrite: true, plugins: [files], logLevel: 'warning' },
    ...{ bundle: true, platform: 'node', target: 'node20', external: ['node-gyp-build'] },
  });
}

/**
 * A folder that is this checkout by links, but for a dist/ whose `core.js` is one file: for specs that start many programs.
 * The files that it was made of are still there, since specs name some. The caller removes it.
 */
export async function bundledCheckout() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-bundled-'));
  try {
    for (const name of fs.readdirSync(paths.root)) {
      if (name === 'dist' || name === '.git') continue;
      fs.symlinkSync(path.join(paths.root, name), path.join(folder, name));
    }
    fs.cpSync(path.join(paths.root, 'dist'), path.join(folder, 'dist'), { recursive: true });
    await bundleCore(path.join(folder, 'dist'));
    return folder;
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
