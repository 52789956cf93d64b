// Where things are: in a checkout, and in an installed package.
import fs from 'node:fs';
import path from 'node:path';

const benchmarks = path.resolve(import.meta.dirname, '..');
const root = path.resolve(benchmarks, '..');

export const folders = { benchmarks, package: root, results: path.join(benchmarks, 'results') };

const extension = process.platform === 'win32' ? '.exe' : '';
const target = `${process.platform}-${process.arch}`;

/** The program iocp_net_load or iocp_net_floor, as built here or as it came with the package. */
export function findProgram(name) {
  const places = [
    path.join(root, `build-bench-${target}`, 'programs', `${name}${extension}`),
    path.join(root, 'prebuilds', target, `${name}${extension}`),
  ];
  return places.find((file) => fs.existsSync(file));
}
