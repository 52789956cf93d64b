#!/usr/bin/env node
// Errors at every system call of the engine, by seed and under load, on the real kernel: a longer form of the native test
// cases of that name.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getSystemErrorName, parseArgs } from 'node:util';
import nativeBuild from './lib/native-build.cjs';
import nodeHeaders from './lib/node-headers.cjs';
import { grouped, writeSection } from './lib/page-section.mjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import { run } from './lib/run.mjs';
import toolchain from './lib/toolchain.cjs';
import { prepareWine, windowsPath } from './lib/wine.mjs';

const HELP = `usage: npm run test:faults -- [options]

  --steps N          random steps (default 300000)
  --seed N           what is done and what strikes (default: one at random, which is printed)
  --platform linux|win32   default: this system; win32 on Linux runs under Wine
  --write            write the table of calls and errors into docs/reliability.md
  --help             this text

Fails also when an error of the table has not struck, or was not seen reported: then it needs more steps. The order of
events is the kernel's, so a seed repeats what is asked for, not every detail of a run.
`;

const PAGE = path.join(paths.root, 'docs', 'reliability.md');
const TEST_CASE = 'faults: every call*';
const SECTIONS = { linux: 'faults', win32: 'faults-windows' };
const TIMEOUT_MS = 60 * 60_000;

/** libuv's numbers that stand for errors which this system does not have: all of Windows'. */
function foreignNames() {
  const header = fs.readFileSync(path.join(nodeHeaders.findOrFetchHeaders(), 'uv', 'errno.h'), 'utf8');
  return new Map(
    [...header.matchAll(/define UV__(\w+) \((-4\d+)\)/g)].map(([, name, text]) => [Number(text), name]),
  );
}

const FOREIGN = foreignNames();
/** Errors of this system that libuv has no name for. */
const UNNAMED = new Map(Object.entries(os.constants.errno).map(([name, number]) => [-number, name]));

function statusName(status) {
  const name = FOREIGN.get(status) ?? getSystemErrorName(status);
  return name.startsWith('Unknown') ? (UNNAMED.get(status) ?? String(status)) : name;
}

/** Nobody reports these. */
const SILENT = new Set(['made again', 'goes on without', 'the other accepts go on']);

/** What became of an error, in the words of the table. */
function outcome({ answer, struck, reported, statuses }) {
  if (SILENT.has(answer)) return answer;
  const names = statuses.map(statusName).join(', ');
  const unseen = struck === reported ? '' : ` (${grouped(reported)} seen, the others were closed before)`;
  return `${names}, by ${answer}${unseen}`;
}

/** One row for each call and outcome: its errors, each with how often it has struck. */
function tableOf(rows) {
  const lines = new Map();
  for (const row of rows) {
    const error = row.error.replace(/^WSA/, '');
    const same = row.statuses.length === 1 && statusName(row.statuses[0]) === error;
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
      const seen = SILENT.has(what) ? '' : grouped(reported);
      return `| ${row.call} | ${errors.join(', ')} | ${what} | ${seen} |`;
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

async function play({ platform, steps, seed }) {
  const windows = platform === 'win32';
  const wine = windows ? await prepareWine() : undefined;
  const folder = nativeBuild.buildNativeTests({ platform, sanitize: windows ? '' : 'address' });
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-faults-'));
  try {
    const file = path.join(scratch, 'report.json');
    const settings = {
      IOCP_NET_FAULT_SEED: String(seed),
      IOCP_NET_FAULT_STEPS: String(steps),
      IOCP_NET_FAULT_REPORT: windows ? windowsPath(file) : file,
    };
    const args = [`--test-case=${TEST_CASE}`];
    const options = { timeoutMs: TIMEOUT_MS, outputFile: path.join(folder, 'faults.log') };
    const program = path.join(folder, windows ? 'port_test.exe' : 'port_test');
    const { code, signal } = windows
      ? await wine.runProgram(program, args, { ...options, env: settings })
      : await run(program, args, { ...options, cwd: paths.root, env: { ...process.env, ...settings } });
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
      platform: { type: 'string', default: process.platform },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const { platform, seed } = values;
  const steps = Number(values.steps);
  if (!(platform in SECTIONS)) throw new Error(`--platform is linux or win32, not ${platform}`);
  if (!(steps > 0)) throw new Error(`--steps is a number, not ${values.steps}`);
  const missing = [...toolchain.missingForBuild(), ...toolchain.missingForNativeTests()];
  if (missing.length > 0) throw new Error(`the native tests need: ${toolchain.aptLine(missing)}`);
  console.log(`${grouped(steps)} steps on ${platform}, seed ${seed}`);
  const started = Date.now();
  const { report, failure } = await play({ platform, steps, seed });
  const failures = failure === undefined ? [...report.missing] : [failure];
  if (report !== undefined) {
    const seconds = Math.round((Date.now() - started) / 1000);
    const lines = [...summary(report, seconds), '', ...tableOf(report.rows)];
    console.log(lines.join('\n'));
    if (values.write && failures.length === 0) writeSection(PAGE, SECTIONS[platform], lines);
  }
  for (const one of failures) console.error(`iocp-net: ${one}`);
  const passed = report === undefined ? 0 : report.rows.length - report.missing.length;
  closeResults([{ suite: `faults on ${platform}`, passed, failed: failures.length, failures }]);
}

if (import.meta.filename === process.argv[1]) {
  try {
    await main();
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}
