#!/usr/bin/env node
// The counts of docs/verified.md, from the records that the suites leave.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { replaceSection } from '../benchmarks/lib/readme.mjs';
import paths from './lib/paths.cjs';
import { readResults } from './lib/results.mjs';

const HELP = `usage: npm run verified -- [FILE ...]

Writes the counts of suites into docs/verified.md, with the day of each. FILE has the records of a run, one JSON object a
line: of .ci/run, build-package/results.jsonl (the default), or what IOCP_NET_RESULTS named for a single suite. A suite that
failed keeps the counts it had, and is named; suites that are not in the file keep theirs, unless the file is of a whole
.ci/run in which nothing failed: what that does not have is no longer run, and its row goes.
`;

const PAGE = path.join(paths.root, 'docs', 'verified.md');
const ROW = /^\| (?<suite>[^|]+) \| (?<passed>\d+) \| (?<skipped>\d+) \| (?<day>[\d-]+) \|$/gm;
/** Steps of .ci/run are no suites: they pass once. */
const isSuite = ({ passed, failed }) => passed + failed > 1;

/** Steps that only .ci/run records: its first ones, and those after which it is complete. */
const STEPS_OF_A_WHOLE_RUN = ['system packages', 'npm ci', 'publish, without doing it', 'installs'];

/** Whether these are the records of a whole .ci/run. Where something failed, suites may be missing that are still run. */
function isWholeRun(records) {
  const names = new Set(records.map(({ suite }) => suite));
  return STEPS_OF_A_WHOLE_RUN.every((name) => names.has(name)) && records.every(({ failed }) => failed === 0);
}

/** The counts that the page has, by suite. */
export function countsOf(page) {
  return new Map([...page.matchAll(ROW)].map(({ groups }) => [groups.suite, groups]));
}

/** The page with the counts of `records`, which were made on `day`. */
export function withCounts(page, records, day) {
  const counts = isWholeRun(records) ? new Map() : countsOf(page);
  for (const { suite, passed, failed, skipped = 0 } of records.filter(isSuite)) {
    if (failed === 0) counts.set(suite, { suite, passed, skipped, day });
  }
  const rows = [...counts.values()].map((one) =>
    ['', one.suite, one.passed, one.skipped, one.day, ''].join(' | ').trim(),
  );
  const table = ['| Suite | Specs passed | Skipped | Day |', '|---|---|---|---|', ...rows.sort()];
  return replaceSection(page, table.join('\n'), 'counts');
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const files = positionals.length > 0 ? positionals : ['build-package/results.jsonl'];
  let page = fs.readFileSync(PAGE, 'utf8');
  for (const file of files) {
    if (!fs.existsSync(file)) throw new Error(`${file} is not there: .ci/run leaves it`);
    const records = readResults(file);
    page = withCounts(page, records, fs.statSync(file).mtime.toISOString().slice(0, 10));
    for (const { suite, failed } of records)
      if (failed > 0) console.error(`iocp-net: ${suite}: ${failed} failed`);
  }
  fs.writeFileSync(PAGE, page);
}

if (import.meta.filename === process.argv[1]) {
  try {
    main();
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}
