// How a file of tests is run, and how its results are read. A runner makes {args, env} for node, and reads the records
// that the process left: {event: 'start' | 'end', file?, test, status?, error?}.
import fs from 'node:fs';
import path from 'node:path';
import { flagsOf, isSkipped } from '../node-tests/select.mjs';

const here = import.meta.dirname;

/** The lines that a reporter of ours has appended; a last one that was cut short by a crash is left out. */
function readLines(file) {
  if (!fs.existsSync(file)) return [];
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** A program of a package that the suite has installed, beside it or above it. */
function installed(folder, name, ...candidates) {
  for (let at = folder; ; at = path.dirname(at)) {
    const home = path.join(at, 'node_modules', name);
    const found = candidates.map((one) => path.join(home, one)).find((one) => fs.existsSync(one));
    if (found) return found;
    if (path.dirname(at) === at) throw new Error(`${name} is not installed in ${folder}`);
  }
}

const ERROR_CHARACTERS = 2000;
const TAP_LINE = /^( *)(ok|not ok)\b(?: \d+)?(?: -)? ?(.*?)(?: # (SKIP|TODO)\b.*)?$/i;

/** Test points of TAP; those that are nested get the name of the test that follows them, which is their parent. */
export function readTap(text) {
  const records = [];
  let open = [];
  let failed; // the record that the lines below a failed test point belong to
  for (const line of text.split('\n')) {
    const match = TAP_LINE.exec(line.replace(/\r$/, ''));
    if (!match) {
      if (failed && failed.error.length < ERROR_CHARACTERS) failed.error += `${line.trim()}\n`;
      continue;
    }
    const [, indent, word, name, directive] = match;
    const depth = indent.length;
    const status = directive ? directive.toLowerCase() : word.toLowerCase() === 'ok' ? 'pass' : 'fail';
    const inner = open.filter((one) => one.depth > depth);
    open = open.filter((one) => one.depth <= depth);
    for (const one of inner) one.record.test = `${name} > ${one.record.test}`;
    const innerFailed = inner.some((one) => one.record.status === 'fail');
    const record = {
      event: 'end',
      test: name,
      status: status === 'fail' && innerFailed ? 'inner' : status,
    };
    failed = record.status === 'fail' ? Object.assign(record, { error: '' }) : undefined;
    records.push(record);
    open.push(...inner.map((one) => ({ ...one, depth })), { depth, record });
    if (depth === 0) open = [];
  }
  return records;
}

/** What vitest's JSON says. */
function readVitest(file, folder) {
  if (!fs.existsSync(file)) return [];
  const words = { passed: 'pass', failed: 'fail', skipped: 'skip', pending: 'skip', todo: 'todo' };
  const { testResults } = JSON.parse(fs.readFileSync(file, 'utf8'));
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const source = path.relative(folder, name);
    if (status === 'failed' && assertionResults.length === 0) {
      return [{ event: 'end', file: source, test: '(load)', status: 'fail', error: message }];
    }
    return assertionResults.map((one) => ({
      event: 'end',
      file: source,
      test: [...one.ancestorTitles, one.title].join(' > '),
      status: words[one.status] ?? one.status,
      error: one.failureMessages?.[0]?.slice(0, ERROR_CHARACTERS),
    }));
  });
}

export const runners = {
  mocha: {
    command: ({ folder, files, args }) => [
      installed(folder, 'mocha', 'bin/mocha.js', 'bin/_mocha'),
      ...['--reporter', path.join(here, 'mocha-reporter.cjs')],
      ...args,
      ...files,
    ],
    read: ({ recordsFile }) => readLines(recordsFile),
  },

  'node:test': {
    command: ({ files, args, recordsFile }) => [
      ...['--test-reporter', path.join(here, 'node-test-reporter.mjs')],
      ...['--test-reporter-destination', `${recordsFile}.rest`],
      ...args,
      ...files,
    ],
    read: ({ recordsFile }) => readLines(recordsFile),
  },

  ava: {
    command: ({ folder, files, args }) => [
      installed(folder, 'ava', 'entrypoints/cli.mjs'),
      '--tap',
      ...args,
      ...files,
    ],
    read: ({ output }) => readTap(output),
  },

  vitest: {
    command: ({ folder, files, args, recordsFile }) => [
      installed(folder, 'vitest', 'vitest.mjs'),
      'run',
      ...['--reporter', 'json', '--outputFile', recordsFile],
      ...args,
      ...files,
    ],
    read: ({ recordsFile, folder }) => readVitest(recordsFile, folder),
  },

  /** A program that ends with 0 if all is well; its TAP is read if it prints any. */
  script: {
    isProgram: true,
    command: ({ files, args }) => [...files, ...args],
    read: ({ output }) => (/^TAP version/m.test(output) ? readTap(output) : []),
  },

  /** A file of Node's own tests: a program that names its flags. */
  node: {
    isProgram: true,
    command: ({ folder, files: [file] }) => [
      ...flagsOf(fs.readFileSync(path.join(folder, file), 'utf8')),
      file,
    ],
    read: () => [],
    isSkipped,
  },
};
