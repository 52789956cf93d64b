// Which of Node's test files are run for a module, and with which flags.
import fs from 'node:fs';
import path from 'node:path';

export const MODULES = ['net', 'tls', 'https', 'http2', 'http'];
export const DEFAULT_MODULES = ['net', 'tls', 'https', 'http2'];

const FOLDERS = ['parallel', 'sequential', 'pummel', 'async-hooks', 'es-module'];

/** What only Node's own net has: no replacement can pass such a test. */
const INTERNALS = [
  /^\/\/ Flags:.*--expose[-_]internals/m,
  /\binternalBinding\b/,
  /\bprocess\.binding\(/,
  /(?:require\(|from )['"]internal\//,
];

export function needsInternals(source) {
  return INTERNALS.some((pattern) => pattern.test(source));
}

/** The flags that a test file wants to be run with. */
export function flagsOf(source) {
  const lines = [...source.matchAll(/^\/\/ Flags:(.*)$/gm)];
  return lines.flatMap(([, flags]) => flags.split(/\s+/).filter(Boolean));
}

/** A test that cannot run here says so, and ends well. */
export function isSkipped(output) {
  return /^1\.\.0 # skip/im.test(output);
}

/** Test files by module: `test-http-...` is http's, `test-http2-...` is not. */
export function moduleOf(file) {
  return /^test-([a-z0-9]+)(?:-.*)?\.m?js$/.exec(path.basename(file))?.at(1);
}

/**
 * @param {string} root     folder that contains `test`
 * @param {string} module   one of MODULES
 * @returns {{files: string[], internals: number}}  relative to root; those that need internals are only counted
 */
export function selectTests(root, module, filter = '') {
  const all = FOLDERS.flatMap((folder) => {
    const home = path.join(root, 'test', folder);
    const names = fs.existsSync(home) ? fs.readdirSync(home).sort() : [];
    return names.map((name) => `test/${folder}/${name}`);
  }).filter((file) => moduleOf(file) === module && file.includes(filter));
  const files = all.filter((file) => !needsInternals(fs.readFileSync(path.join(root, file), 'utf8')));
  return { files, internals: all.length - files.length };
}
