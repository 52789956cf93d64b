#!/usr/bin/env node
// The C++ tests of the port and its backend, without Node: on Linux once with AddressSanitizer and
// UndefinedBehaviorSanitizer and once with ThreadSanitizer; for Windows under Wine, with assertions alone.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import nativeBuild from './lib/native-build.cjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import { run } from './lib/run.mjs';
import targets from './lib/targets.cjs';
import toolchain from './lib/toolchain.cjs';
import { prepareWine } from './lib/wine.mjs';
import { testSimulation } from './test-simulation.mjs';

const HELP = `usage: npm run test:native -- [options]

  --platform linux|win32            default: this system; win32 on Linux runs under Wine
  --target linux-x64-musl           the cross build for musl, with Zig's compiler
  --sanitize address|thread|none    one of them alone (Linux; default: address, then thread)
  --valgrind                        under valgrind's memcheck, without sanitizers (Linux; needs valgrind)
  --test TEXT                       the test cases with TEXT in their names alone, with what they print
  --help                            this text

The tests are test/native/*_test.cc, in one program that ends with 0 when all of them pass. With the address sanitizer
follows the simulation (npm run test:simulation), a million steps.
`;

const TEST_TIMEOUT_MS = 8 * 60_000; // on a busy machine one of them takes minutes
/** A line for each test case that has ended: after one that hangs, the last line says where. */
const TEST_ARGS = ['--duration=true'];
const OUTPUT_TAIL_LENGTH = 4_000;

/** doctest's closing line: it says how many there were, and that the program came to its end. */
const CLOSING_LINE = /test cases:\s+\d+ \|\s+(\d+) passed \|\s+(\d+) failed/;

/** doctest's options for those with `text` in their names; '': for all. */
const argsFor = (text) => (text === '' ? TEST_ARGS : [...TEST_ARGS, `--test-case=*${text}*`]);

/** @param {(program: string, outputFile: string) => Promise<{code: number | null, signal: string | null}>} start */
async function runTests(suite, folder, start, text) {
  const extension = fs.existsSync(path.join(folder, 'port_test.exe')) ? '.exe' : '';
  const outputFile = path.join(folder, 'output.log');
  const { code, signal } = await start(path.join(folder, `port_test${extension}`), outputFile);
  const output = fs.readFileSync(outputFile, 'utf8');
  const counts = CLOSING_LINE.exec(output);
  const passed = Number(counts?.[1] ?? 0);
  // Killed or crashed before its closing line; or a sanitizer's finding at the end, after all test cases have passed.
  const broken = counts !== null && (code === 0) === (counts[2] === '0') ? 0 : 1;
  if (broken) console.error(`${suite}: port_test ended with ${signal ?? `exit code ${code}`}`);
  const failed = Number(counts?.[2] ?? 0) + broken;
  if (text !== '' && passed + failed === 0) throw new Error(`no test case has "${text}" in its name`);
  console.log(failed > 0 || text !== '' ? output : `${suite}: ${path.relative(paths.root, outputFile)}`);
  return { suite, passed, failed, failures: failed > 0 ? [output.slice(-OUTPUT_TAIL_LENGTH)] : [] };
}

function requirePackages(others) {
  const missing = [...others, ...toolchain.missingForNativeTests()];
  if (missing.length > 0) throw new Error(`the native tests need: ${toolchain.aptLine(missing)}`);
}

const SUITE_NAMES = {
  '': 'native tests on linux',
  address: 'native tests on linux, address and undefined behaviour sanitizers',
  thread: 'native tests on linux, thread sanitizer',
};

/** Every error counts, a leak too; children are the tests' own peers. */
const VALGRIND = ['valgrind', '--quiet', '--error-exitcode=99', '--leak-check=full'];
VALGRIND.push('--errors-for-leak-kinds=definite,possible', '--show-leak-kinds=definite,possible');

export async function testNativeValgrind(text = '') {
  requirePackages([...toolchain.missingForBuild(), ...(toolchain.onPath('valgrind') ? [] : ['valgrind'])]);
  const folder = nativeBuild.buildNativeTests({});
  const start = (program, outputFile) => {
    const [file, ...args] = [...VALGRIND, program, ...argsFor(text)];
    return run(file, args, { cwd: paths.root, timeoutMs: TEST_TIMEOUT_MS, outputFile, quiet: true });
  };
  return [await runTests('native tests on linux under valgrind', folder, start, text)];
}

/** @param {('' | 'address' | 'thread')[]} sanitizers */
export async function testNativeLinux(sanitizers = ['address', 'thread'], text = '') {
  requirePackages(toolchain.missingForBuild());
  const records = [];
  for (const sanitize of sanitizers) {
    const folder = nativeBuild.buildNativeTests({ sanitize });
    // ThreadSanitizer of GCC 12 cannot map its shadow where the kernel randomises addresses widely.
    const prefix = sanitize === 'thread' && toolchain.onPath('setarch') ? ['setarch', '-R'] : [];
    const start = (program, outputFile) => {
      const [file, ...args] = [...prefix, program, ...argsFor(text)];
      return run(file, args, { cwd: paths.root, timeoutMs: TEST_TIMEOUT_MS, outputFile, quiet: true });
    };
    records.push(await runTests(SUITE_NAMES[sanitize], folder, start, text));
    if (sanitize === 'address' && text === '') records.push(testSimulation().record);
  }
  return records;
}

/** A static program with musl inside, which runs on every Linux. */
export async function testNativeMusl(text = '') {
  requirePackages(targets.missingFor('linux-x64-musl'));
  const folder = nativeBuild.buildNativeTests({ target: 'linux-x64-musl' });
  const start = (program, outputFile) =>
    run(program, argsFor(text), { cwd: paths.root, timeoutMs: TEST_TIMEOUT_MS, outputFile, quiet: true });
  return [await runTests('native tests on linux with musl', folder, start, text)];
}

export async function testNativeWindows(text = '') {
  requirePackages([]);
  const wine = await prepareWine();
  const folder = nativeBuild.buildNativeTests({ platform: 'win32' });
  const start = (program, outputFile) =>
    wine.runProgram(program, argsFor(text), { timeoutMs: TEST_TIMEOUT_MS, outputFile, quiet: true });
  return [await runTests('native tests on win32 under Wine', folder, start, text)];
}

async function main() {
  const { values } = parseArgs({
    options: {
      platform: { type: 'string', default: process.platform },
      target: { type: 'string' },
      sanitize: { type: 'string' },
      valgrind: { type: 'boolean', default: false },
      test: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const { test } = values;
  const sanitize = values.sanitize ?? (test === '' ? undefined : 'address'); // of one case one run
  const only = sanitize === undefined ? undefined : [sanitize === 'none' ? '' : sanitize];
  try {
    if (values.target !== undefined && values.target !== 'linux-x64-musl') {
      throw new Error(`there are no native tests for ${values.target} here`);
    }
    const onSystem = () => {
      if (values.valgrind) return testNativeValgrind(test);
      return values.platform === 'win32' ? testNativeWindows(test) : testNativeLinux(only, test);
    };
    closeResults(await (values.target === undefined ? onSystem() : testNativeMusl(test)));
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}

if (import.meta.filename === process.argv[1]) await main();
