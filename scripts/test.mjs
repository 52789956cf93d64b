#!/usr/bin/env node
import { closeResults } from './lib/results.mjs';
import toolchain from './lib/toolchain.cjs';
import { missingForWine } from './lib/wine.mjs';
// npm test: builds what is out of date, then every suite that this machine can run.
import { testLinux } from './test-linux.mjs';
import { testNativeLinux, testNativeWindows } from './test-native.mjs';
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

async function main() {
  const missingNative = toolchain.missingForNativeTests();
  const missingWine = missingForWine();
  const native = missingNative.length === 0 || process.env.CI === 'true';
  const windows = missingWine.length === 0 || process.env.IOCP_NET_REQUIRE_WINDOWS === '1';

  const records = await attempt('mocha on this system', () => testLinux());
  if (native) records.push(...(await attempt('native tests on this system', () => testNativeLinux())));
  if (windows) records.push(...(await attempt('mocha on Windows (Wine)', () => testWindows())));
  if (windows && native) {
    records.push(...(await attempt('native tests on Windows (Wine)', () => testNativeWindows())));
  }
  console.log('');
  if (!native) console.log(`Native tests were skipped; to run them: ${toolchain.aptLine(missingNative)}`);
  if (!windows)
    console.log(`The Windows suites were skipped; to run them: ${toolchain.aptLine(missingWine)}`);
  closeResults(records);
}

if (process.argv.includes('--help')) process.stdout.write(HELP);
else await main();
