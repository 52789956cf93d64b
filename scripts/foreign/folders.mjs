// Where a suite's package lies: a folder that the user names, or a tarball of npm with its tests in it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import paths from '../lib/paths.cjs';
import { runOrThrow } from '../lib/run.mjs';

const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** Downloads the tarball into the cache, with everything that its tests need. Install scripts are not run. */
async function download(spec) {
  const home = paths.cacheFolder('foreign', spec.replace('/', '+'));
  const folder = path.join(home, 'package');
  if (fs.existsSync(path.join(home, 'complete'))) return folder;
  console.error(`fetching ${spec} from npm`);
  fs.rmSync(home, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const quietly = { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync('npm', ['pack', spec, '--pack-destination', home, '--silent'], quietly);
  const tarball = fs.readdirSync(home).find((file) => file.endsWith('.tgz'));
  // Its one folder need not be called package.
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components', '1'], quietly);
  const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error'];
  await runOrThrow('npm', ['install', '--ignore-scripts', '--legacy-peer-deps', ...quiet], {
    cwd: folder,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  fs.writeFileSync(path.join(home, 'complete'), '');
  return folder;
}

/**
 * The folder of a suite; undefined if the user has to name one.
 *
 * @param {object} suite  of suites.mjs
 * @param {Map<string, string>} given  by the user, by name
 */
export async function findFolder(suite, given) {
  const root = given.get(suite.name);
  if (root !== undefined) {
    const folder = path.resolve(root, suite.within ?? '');
    // The package itself may be named as well as the checkout around it.
    return fs.existsSync(folder) ? folder : path.resolve(root);
  }
  return suite.npm === undefined ? undefined : download(suite.npm);
}

/** A pattern with `**`, `*` and `{a,b}` as a regular expression. */
function toRegExp(pattern) {
  const source = pattern
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replace(/\{([^}]*)\}/g, (_, words) => `(?:${words.replaceAll(',', '|')})`)
    .replace(/\*\*\/|\*\*|\*/g, (stars) => {
      if (stars === '**/') return '(?:.*/)?';
      return stars === '**' ? '.*' : '[^/]*';
    });
  return new RegExp(`^${source}$`);
}

function* walk(folder, prefix = '') {
  for (const entry of fs.readdirSync(path.join(folder, prefix), { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (!entry.isDirectory()) yield name;
    else if (entry.name !== 'node_modules' && entry.name !== '.git') yield* walk(folder, `${name}/`);
  }
}

/** The suite's test files, sorted, relative to its folder. */
export function findFiles(suite, folder) {
  const wanted = suite.files.map(toRegExp);
  const left = Object.keys(suite.except ?? {}).map(toRegExp);
  return [...walk(folder)]
    .filter((name) => wanted.some((one) => one.test(name)) && !left.some((one) => one.test(name)))
    .sort();
}

/** The files of the package under test that the runs load, found as a program would find them. */
export function filesOfPackage(folder) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = (name) => path.resolve(folder, manifest.exports[name].default);
  const found = { register: file('./register'), engine: file('./engine') };
  if (!fs.existsSync(found.register)) throw new Error(`${found.register} is not built: npm run build:ts`);
  return found;
}
