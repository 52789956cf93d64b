#!/usr/bin/env node
// The contract under flags of Node and of V8 that change how the engine is called: without a compiler, in a small heap,
// under a collector that never rests, with the inspector open.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, machineLine } from '../benchmarks/lib/machine.mjs';
import { buildAddon, buildTypeScript } from './lib/ensure-built.mjs';
import { runMocha, SUITE_TIMEOUT_MS } from './lib/mocha.mjs';
import nativeBuild from './lib/native-build.cjs';
import { grouped, today, writeRow } from './lib/page-section.mjs';
import paths from './lib/paths.cjs';
import { addUp, closeResults } from './lib/results.mjs';
import { run } from './lib/run.mjs';

const HELP = `usage: npm run test:flags -- [options] [spec files]

Runs test/contract, or the spec files that are named, under one flag of Node after the other.

  --short        four flags and some files, within a quarter of a minute
  --flag FLAG    this flag alone; may be repeated, and may be one that is not in the list
  --list         print the flags
  --write        write a row for each flag into docs/reliability.md, in the place of its earlier one
  --help         this text
`;

const PAGE = path.join(paths.root, 'docs', 'reliability.md');
const FLAGS = [
  ['--jitless', 'no compiler: every call of the addon comes from the interpreter'],
  ['--max-old-space-size=64', 'a heap of 64 MiB'],
  ['--inspect=0', 'the inspector is open'],
  ['--stress-compaction', 'each collection moves what it can'],
  ['--gc-interval=200', 'a collection after every 200 allocations'],
  ['--always-sparkplug', "functions are compiled at their first call, by V8's baseline compiler"],
  ['--disable-proto=delete', 'no __proto__'],
  ['--disallow-code-generation-from-strings', 'no eval'],
  ['--throw-deprecation', 'a use of what is deprecated throws'],
  ['--no-node-snapshot', "Node's own modules are run at the start, and not taken from its snapshot"],
  ['--zero-fill-buffers', 'new buffers are filled with zeros'],
];
const SHORT_FLAGS = ['--jitless', '--max-old-space-size=64', '--inspect=0', '--stress-compaction'];
const SHORT_FILES = [
  'async-context-server',
  'chunk-memory',
  'connect',
  'errors',
  'half-open',
  'handles',
  'streams',
];
/** Mocha keeps what a file has made: of all files at once that would be much of a small heap. */
const PART_FILES = 16;

const contractFile = (name) => `test/contract/${name}.spec.js`;

function allFiles() {
  const names = fs.readdirSync(path.join(paths.root, 'test', 'contract'));
  return names
    .filter((name) => name.endsWith('.spec.js'))
    .map((name) => contractFile(path.basename(name, '.spec.js')));
}

async function underFlag(flag, files) {
  const suite = `contract under ${flag}`;
  const start = (args, env) =>
    run(process.execPath, [flag, ...args], {
      cwd: paths.root,
      timeoutMs: SUITE_TIMEOUT_MS,
      env: { ...process.env, ...env },
    });
  const records = [];
  for (let at = 0; at < files.length; at += PART_FILES) {
    console.log(
      `\n${suite}, files ${at + 1} to ${Math.min(at + PART_FILES, files.length)} of ${files.length}`,
    );
    records.push(...(await runMocha(suite, start, { files: files.slice(at, at + PART_FILES) })));
  }
  return addUp(records.map((record) => ({ ...record, suite })))[0];
}

/** One flag after the other: they would take each other's time. */
export async function testFlags({ short = false, flags = [], files = [], onRecord = () => {} } = {}) {
  await buildTypeScript();
  nativeBuild.buildTestAddon();
  buildAddon();
  const known = short ? SHORT_FLAGS : FLAGS.map(([flag]) => flag);
  const contract = short ? SHORT_FILES.map(contractFile) : allFiles();
  const records = [];
  for (const flag of flags.length > 0 ? flags : known) {
    const record = await underFlag(flag, files.length > 0 ? files : contract);
    records.push(record);
    onRecord(flag, record);
  }
  return records;
}

function write(flag, { passed, failed, skipped = 0 }) {
  const what = FLAGS.find(([known]) => known === flag)?.[1] ?? '';
  const counts = [passed, failed, skipped].map(grouped);
  writeRow(PAGE, 'flags', [`\`${flag}\``, what, ...counts, today(), machineLine(describeMachine())]);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      short: { type: 'boolean' },
      flag: { type: 'string', multiple: true, default: [] },
      list: { type: 'boolean' },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (values.list) {
    for (const [flag, what] of FLAGS) console.log(`${flag}: ${what}`);
    return;
  }
  try {
    if (values.write && (values.short || positionals.length > 0)) {
      throw new Error('--write is for the whole contract: leave out --short and the names of files');
    }
    const onRecord = values.write ? write : undefined;
    closeResults(await testFlags({ ...values, flags: values.flag, files: positionals, onRecord }));
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}

if (import.meta.filename === process.argv[1]) await main();
