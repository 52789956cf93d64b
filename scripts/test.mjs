#!/usr/bin/env node
// npm test: builds what is out of date, then every suite that this machine can run.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import paths from './lib/paths.cjs';
import { closeResults, collectResults } from './lib/results.mjs';
import { run } from './lib/run.mjs';
import toolchain from './lib/toolchain.cjs';
import { missingForWine, prepareWine } from './lib/wine.mjs';
import { testLinux } from './test-linux.mjs';
import { testWindows } from './test-windows.mjs';

const HELP = `usage: npm test

The mocha suite and the native tests on this system, then both for Windows under Wine. What this machine lacks for the
native tests (doctest) or for Windows (Wine, mingw-w64) is skipped with a line that says how to get it; with CI=true and
IOCP_NET_REQUIRE_WINDOWS=1 respectively it is a failure.
`;

/** Runs a suite; what keeps it from running at all is a failure of its own. */
async function attempt(suite, body) {
  console.log(`\n== ${suite}`);
  try {
    return await body();
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    return [{ suite, passed: 0, failed: 1 }];
  }
}

const NATIVE_TIMEOUT_MS = 15 * 60_000;

/**
 * The native tests in a process of their own, beside mocha: they are mostly compiling, mocha is mostly waiting.
 * Returns what prints their output and hands over their records.
 */
function startNative(suite, args) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-native-'));
  const outputFile = path.join(folder, 'output');
  const ended = collectResults((file) =>
    run(process.execPath, [path.join(paths.root, 'scripts', 'test-native.mjs'), ...args], {
      cwd: paths.root,
      env: { ...process.env, IOCP_NET_RESULTS: file },
      timeoutMs: NATIVE_TIMEOUT_MS,
      outputFile,
      quiet: true,
    }),
  );
  ended.catch(() => {}); // told by the function below
  return () =>
    attempt(suite, async () => {
      const records = await ended;
      process.stdout.write(fs.readFileSync(outputFile));
      fs.rmSync(folder, { recursive: true, force: true });
      return records.length > 0 ? records : [{ suite, passed: 0, failed: 1 }];
    });
}

async function main() {
  const missingNative = toolchain.missingForNativeTests();
  const missingWine = missingForWine();
  const native = missingNative.length === 0 || process.env.CI === 'true';
  const windows = missingWine.length === 0 || process.env.IOCP_NET_REQUIRE_WINDOWS === '1';

  const nativeLinux = native ? startNative('native tests on this system', []) : async () => [];
  const records = await attempt('mocha on this system', () => testLinux());
  records.push(...(await nativeLinux()));
  if (windows) {
    // Once, before two suites that run side by side would both do it.
    await attempt('Wine', () => prepareWine());
    const nativeWindows = native
      ? startNative('native tests on Windows (Wine)', ['--platform', 'win32'])
      : async () => [];
    records.push(...(await attempt('mocha on Windows (Wine)', () => testWindows())));
    records.push(...(await nativeWindows()));
  }
  console.log('');
  if (!native) console.log(`Native tests were skipped; to run them: ${toolchain.aptLine(missingNative)}`);
  if (!windows)
    console.log(`The Windows suites were skipped; to run them: ${toolchain.aptLine(missingWine)}`);
  closeResults(records);
}

if (process.argv.includes('--help')) process.stdout.write(HELP);
else await main();
