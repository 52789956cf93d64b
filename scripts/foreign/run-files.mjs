// Runs a batch of test files in one process, plainly or over the preload, and hands back what became of each test.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runners } from './runners.mjs';

const TAIL_CHARACTERS = 4000;
const DEFAULT_TIMEOUT_MS = 60_000;
/** The name under which a process that crashed, hung, or exited early is compared like a test. */
export const PROCESS = '(process)';
/** A program that prints no TAP is one test. */
export const PROGRAM = '(program)';

function quoted(file) {
  return `"${file.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function environment(job, temporary) {
  const { suite, node, preload, variables, elsewhere } = job;
  const seen = elsewhere ? elsewhere.path : (file) => file;
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, NODE_DEBUG, IOCP_NET_ENGINE, IOCP_NET_PREBUILD, ...rest } =
    process.env;
  const options = [];
  if (preload) {
    const witness = path.join(import.meta.dirname, 'witness.cjs');
    options.push('--require', quoted(seen(preload.register)), '--require', quoted(seen(witness)));
  }
  if (suite.options) options.push(suite.options);
  return {
    ...rest,
    ...variables,
    // Its own children are to run with the same node.
    ...(!elsewhere && { PATH: [path.dirname(node), rest.PATH].join(path.delimiter) }),
    ...(options.length > 0 && { NODE_OPTIONS: options.join(' ') }),
    IOCP_NET_FOREIGN_RECORDS: seen(path.join(temporary, 'records')),
    ...(preload && {
      IOCP_NET_FOREIGN_WITNESS: seen(path.join(temporary, 'witness')),
      IOCP_NET_FOREIGN_ENGINE: seen(preload.engine),
    }),
  };
}

// An interrupted run takes the process group of its child along.
let killRunning = () => {};
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    killRunning();
    process.kill(process.pid, signal);
  });
}

/** Runs it with a node of another system, under Wine. */
async function runElsewhere(job, args, temporary) {
  const outputFile = path.join(temporary, 'output');
  const { code, signal } = await job.elsewhere.runNode(args, {
    cwd: job.folder,
    env: environment(job, temporary),
    timeoutMs: job.suite.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    outputFile,
    quiet: true,
  });
  const output = fs.readFileSync(outputFile, 'utf8');
  return { code, signal, timedOut: signal === 'SIGKILL', output };
}

/** Runs the process to its end, or kills it with all that it has started. */
function runProcess(job, args, temporary) {
  const { folder, node, suite } = job;
  if (job.elsewhere) return runElsewhere(job, args, temporary);
  const outputFile = path.join(temporary, 'output');
  const descriptor = fs.openSync(outputFile, 'w');
  const child = spawn(node, args, {
    cwd: folder,
    env: environment(job, temporary),
    stdio: ['ignore', descriptor, descriptor],
    detached: true, // a process group of its own
  });
  fs.closeSync(descriptor);
  const killGroup = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  };
  killRunning = killGroup;
  let timedOut = false;
  const guard = setTimeout(() => {
    timedOut = true;
    killGroup();
  }, suite.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      clearTimeout(guard);
      reject(error);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(guard);
      killGroup(); // what it left running
      killRunning = () => {};
      resolve({ code, signal, timedOut, output: fs.readFileSync(outputFile, 'utf8') });
    });
  });
}

/** Test by test: `file\0name` to {status, error}. The second of two with one name is called `name (2)`. */
function collect(records, job) {
  const single = job.files.length === 1 ? job.files[0] : undefined;
  const tests = new Map();
  const running = new Map();
  const counts = new Map();
  for (const { event, file = single ?? '', test, status, error } of records) {
    const name = `${file}\0${test}`;
    if (event === 'start') {
      running.set(name, (running.get(name) ?? 0) + 1);
      continue;
    }
    running.set(name, (running.get(name) ?? 1) - 1);
    if (status === 'inner') continue;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    tests.set(count === 1 ? name : `${name} (${count})`, { status, error });
  }
  const unfinished = [...running].filter(([, count]) => count > 0).map(([name]) => name.split('\0')[1]);
  return { tests, unfinished };
}

/** A sentence about a process that did not end as a runner with only failed tests does; undefined if it did. */
function whatWentWrong({ code, signal, timedOut }, failed) {
  if (timedOut) return 'did not end in time';
  if (signal !== null) return `ended by ${signal}`;
  if (code !== 0 && (!failed || code > 128)) return `exit code ${code} without a failed test`;
  return undefined;
}

function readWitness(temporary) {
  const file = path.join(temporary, 'witness');
  if (!fs.existsSync(file)) return { onPort: 0, carried: 0 };
  const lines = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return {
    onPort: lines.filter(({ engine }) => engine !== 'libuv').length,
    carried: lines.reduce((sum, { carried }) => sum + carried, 0),
  };
}

/**
 * @param {object} job
 * @param {object} job.suite      of suites.mjs
 * @param {string} job.folder     of the package
 * @param {string[]} job.files    relative to it
 * @param {string} job.node       the executable
 * @param {{runNode: Function, path: (file: string) => string}} [job.elsewhere]  runs it under Wine: lib/wine.mjs
 * @param {object} job.variables  for the environment
 * @param {{register: string, engine: string}} [job.preload]  files of the package under test
 */
export async function runFiles(job) {
  const { suite, folder, files } = job;
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-foreign-'));
  const recordsFile = path.join(temporary, 'records');
  try {
    const runner = runners[suite.runner];
    const command = runner.command({ folder, files, args: suite.args ?? [], recordsFile });
    const ended = await runProcess(job, [...(suite.execArgv ?? []), ...command], temporary);
    const records = runner.read({ recordsFile, folder, output: ended.output });
    const { tests, unfinished } = collect(records, job);
    const failed = [...tests.values()].some(({ status }) => status === 'fail');
    const wrong = whatWentWrong(ended, failed);
    const where = files.length === 1 ? files[0] : '';
    const during = unfinished.length > 0 ? `, during: ${unfinished.join('; ')}` : '';
    const name = runner.isProgram && tests.size === 0 ? PROGRAM : PROCESS;
    const ending = runner.isSkipped?.(ended.output) ? 'skip' : 'pass';
    tests.set(`${where}\0${name}`, {
      status: wrong ? 'fail' : ending,
      error: wrong && `${wrong}${during}\n${ended.output.slice(-TAIL_CHARACTERS)}`,
    });
    return { tests, ...readWitness(temporary) };
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}
