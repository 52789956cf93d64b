#!/usr/bin/env node
// Errors at every system call of the engine, by seed and under load, on the real kernel: a longer form of the native test
// cases of that name.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getSystemErrorName, parseArgs } from 'node:util';
import nativeBuild from './lib/native-build.cjs';
import { grouped, writeSection } from './lib/page-section.mjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import { run } from './lib/run.mjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run test:faults -- [options]

  --steps N          random steps (default 300000)
  --seed N           what is done and what strikes (default: one at random, which is printed)
  --write            write the table of calls and errors into docs/reliability.md
  --help             this text

Fails also when an error of the table has not struck, or was not seen reported: then it needs more steps. The order of
events is the kernel's, so a seed repeats what is asked for, not every detail of a run.
`;

const PAGE = path.join(paths.root, 'docs', 'reliability.md');
const TEST_CASE = 'faults: every call*';
const TIMEOUT_MS = 60 * 60_000;

/** Errors of this system that libuv has no name for. */
const UNNAMED = new Map(Object.entries(os.constants.errno).map(([name, number]) => [-number, name]));

function statusName(status) {
  const name = getSystemErrorName(status);
  return name.startsWith('Unknown') ? (UNNAMED.get(status) ?? String(status)) : name;
}

/** What became of an error, in the words of the table. */
function outcome({ answer, struck, reported, statuses }) {
  if (answer === 'made again' || answer === 'goes on without') return answer;
  const names = statuses.map(statusName).join(', ');
  const unseen = struck === reported ? '' : ` (${grouped(reported)} seen, the others were closed before)`;
  return `${names}, by ${answer}${unseen}`;
}

/** One row for each call and outcome: its errors, each with how often it has struck. */
function tableOf(rows) {
  const lines = new Map();
  for (const row of rows) {
    const same = row.statuses.length === 1 && statusName(row.statuses[0]) === row.error;
    const what = same ? `the same, by ${row.answer}` : outcome({ ...row, reported: row.struck });
    const key = `| ${row.call} | ${what} |`;
    const line = lines.get(key) ?? { row, what, errors: [], struck: 0, reported: 0 };
    line.errors.push(`${row.error} ${grouped(row.struck)}`);
    line.struck += row.struck;
    line.reported += row.reported;
    lines.set(key, line);
  }
  return [
    '| Call | Errors, and how often they struck | What the engine does | Reports that were seen |',
    '|---|---|---|---|',
    ...[...lines.values()].map(({ row, what, errors, reported }) => {
      const silent = what === 'made again' || what === 'goes on without';
      return `| ${row.call} | ${errors.join(', ')} | ${what} | ${silent ? '' : grouped(reported)} |`;
    }),
  ];
}

function summary(report, seconds) {
  return [
    '| Seed | Steps | Worlds | Connections | Bytes | Errors | Events late | Transfers cut | Calls and errors | Time |',
    '|---|---|---|---|---|---|---|---|---|---|',
    `| ${[
      report.seed,
      ...[report.steps, report.worlds, report.connections, report.bytes, report.struck, report.late].map(
        grouped,
      ),
      grouped(report.cut),
      report.rows.length,
      `${seconds} s`,
    ].join(' | ')} |`,
  ];
}

async function play({ steps, seed }) {
  const folder = nativeBuild.buildNativeTests({ sanitize: 'address' });
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-faults-'));
  try {
    const file = path.join(scratch, 'report.json');
    const settings = {
      IOCP_NET_FAULT_SEED: String(seed),
      IOCP_NET_FAULT_STEPS: String(steps),
      IOCP_NET_FAULT_REPORT: file,
    };
    const args = [`--test-case=${TEST_CASE}`];
    const { code, signal } = await run(path.join(folder, 'port_test'), args, {
      cwd: paths.root,
      env: { ...process.env, ...settings },
      timeoutMs: TIMEOUT_MS,
      outputFile: path.join(folder, 'faults.log'),
    });
    if (code !== 0) return { failure: `port_test ended with ${signal ?? `exit code ${code}`}, seed ${seed}` };
    return { report: JSON.parse(fs.readFileSync(file, 'utf8')) };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      steps: { type: 'string', default: '300000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const { seed } = values;
  const steps = Number(values.steps);
  if (process.platform !== 'linux') throw new Error('the calls of Linux alone are replaced so far');
  if (!(steps > 0)) throw new Error(`--steps is a number, not ${values.steps}`);
  const missing = [...toolchain.missingForBuild(), ...toolchain.missingForNativeTests()];
  if (missing.length > 0) throw new Error(`the native tests need: ${toolchain.aptLine(missing)}`);
  console.log(`${grouped(steps)} steps on linux, seed ${seed}`);
  const started = Date.now();
  const { report, failure } = await play({ steps, seed });
  const failures = failure === undefined ? [...report.missing] : [failure];
  if (report !== undefined) {
    const seconds = Math.round((Date.now() - started) / 1000);
    const lines = [...summary(report, seconds), '', ...tableOf(report.rows)];
    console.log(lines.join('\n'));
    if (values.write && failures.length === 0) writeSection(PAGE, 'faults', lines);
  }
  for (const one of failures) console.error(`iocp-net: ${one}`);
  const passed = report === undefined ? 0 : report.rows.length - report.missing.length;
  closeResults([{ suite: 'faults on linux', passed, failed: failures.length, failures }]);
}

if (import.meta.filename === process.argv[1]) {
  try {
    await main();
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}
