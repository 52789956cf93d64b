// Node's test files, copied out of a checkout or a git directory. They are Node's, and stay outside of this repository.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** What the tests of a module consist of and require. */
const FOLDERS = ['async-hooks', 'common', 'es-module', 'fixtures', 'parallel', 'pummel', 'sequential'];

/** Where Node's repository, and one that vendors its tests, say which version they are. */
const VERSION_FILES = ['src/node_version.h', 'node_version.ts', 'vendor.ts'];

const WHERE = `the tests of Node are not part of this repository. Fetch them and name them:
  git clone --depth 1 --branch v${process.versions.node} https://github.com/nodejs/node ../node
  npm run test:node -- --folder ../node
or, smaller and not of every version (git log names the commits):
  git clone https://github.com/denoland/node_test ../node_test
  npm run test:node -- --git ../node_test/.git --commit COMMIT`;

/** @param {(file: string) => string | undefined} read */
export function versionOfTests(read) {
  for (const file of VERSION_FILES) {
    const text = read(file) ?? '';
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map((part) =>
      new RegExp(`^#define NODE_${part}_VERSION (\\d+)`, 'm').exec(text)?.at(1),
    );
    if (!parts.includes(undefined)) return parts.join('.');
    const version = /(?:version|tag) = "v?(\d+\.\d+\.\d+)"/.exec(text)?.at(1);
    if (version !== undefined) return version;
  }
  return undefined;
}

function fromFolder(given, into) {
  const folder = path.resolve(given);
  // The test directory itself may be named as well as the checkout around it.
  const root = fs.existsSync(path.join(folder, 'common', 'index.js')) ? path.dirname(folder) : folder;
  const source = root === folder ? path.join(folder, 'test') : folder;
  if (!fs.existsSync(path.join(source, 'common', 'index.js')))
    throw new Error(
      `--folder ${given}: there is no test/common/index.js; expected a checkout of nodejs/node`,
    );
  for (const name of FOLDERS) {
    const from = path.join(source, name);
    const options = { recursive: true, verbatimSymlinks: true };
    if (fs.existsSync(from)) fs.cpSync(from, path.join(into, 'test', name), options);
  }
  return versionOfTests((file) => {
    const name = path.join(root, file);
    return fs.existsSync(name) ? fs.readFileSync(name, 'utf8') : undefined;
  });
}

function fromGit(directory, commit, into) {
  const git = (args, options = {}) =>
    execFileSync('git', ['-C', path.resolve(directory), ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 2 ** 30,
      // A partial clone is taken as it is.
      env: { ...process.env, GIT_NO_LAZY_FETCH: '1' },
      ...options,
    });
  let listing;
  try {
    listing = git(['ls-tree', '-r', '-z', commit, ...FOLDERS.map((name) => `test/${name}/`)]).toString();
  } catch (error) {
    throw new Error(
      `--git ${directory} --commit ${commit}: ${error.stderr?.toString().trim() ?? error.message}`,
    );
  }
  const files = listing.split('\0').filter(Boolean);
  if (files.length === 0) throw new Error(`--commit ${commit}: there is no test folder in it`);
  const parts = files.map((line) => /^\S+ \S+ (\S+)\t(.*)$/s.exec(line).slice(1));
  const states = git(['cat-file', '--batch-check'], { input: parts.map(([id]) => `${id}\n`).join('') })
    .toString()
    .split('\n');
  const absent = parts.filter((_, index) => states[index].endsWith(' missing')).map(([, name]) => name);
  const names = FOLDERS.map((name) => `test/${name}`).filter((name) =>
    parts.some(([, file]) => file.startsWith(`${name}/`)),
  );
  const excluded = absent.map((name) => `:(exclude,literal)${name}`);
  const archive = git(['archive', '--format=tar', commit, '--', ...names, ...excluded]);
  execFileSync('tar', ['-xf', '-', '-C', into], { input: archive, stdio: ['pipe', 'ignore', 'inherit'] });
  return versionOfTests((file) => {
    try {
      return git(['show', `${commit}:${file}`]).toString();
    } catch {
      return undefined; // the other repository
    }
  });
}

/**
 * Copies the tests to `into`/test.
 *
 * @param {{folder?: string, git?: string, commit?: string}} source
 * @returns {string} the version of Node that they belong to
 */
export function extractTests({ folder, git, commit }, into) {
  if (folder === undefined && git === undefined) throw new Error(WHERE);
  if (folder !== undefined && git !== undefined) throw new Error('--folder or --git, not both');
  if (git !== undefined && commit === undefined)
    throw new Error('--git needs --commit: a tag of nodejs/node, or a commit of denoland/node_test');
  const version = folder === undefined ? fromGit(git, commit, into) : fromFolder(folder, into);
  return version ?? 'unknown version';
}
