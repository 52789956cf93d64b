#!/usr/bin/env node
// npm test: builds what is out of date, then every suite that this machine can run.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import ecosystem from './lib/ecosystem.cjs';
import { buildTypeScript } from './lib/ensure-built.mjs';
import paths from './lib/paths.cjs';
import { closeResults, collectResults } from './lib/results.mjs';
import { run } from './lib/run.mjs';
import toolchain from './lib/toolchain.cjs';
import { endWine, missingForWine, prepareWine } from './lib/wine.mjs';
import { testLinux } from './test-linux.mjs';
import { testSimulatedContract } from './test-simulated-contract.mjs';

const { missingPackages } = createRequire(import.meta.url)('../test/ecosystem/support/servers.js');

const HELP = `usage: npm test

The mocha suite, the contract on a simulated kernel and the native tests on this system, then mocha and the native tests
for Windows under Wine. What this machine lacks for the native tests (doctest), for Windows (Wine, mingw-w64) or for test/ecosystem (servers, a browser, other runtimes) is skipped
with a line that says how to get it. With CI=true, IOCP_NET_REQUIRE_WINDOWS=1 and IOCP_NET_REQUIRE_SERVERS=1 the first three
are failures.
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

const SUITE_TIMEOUT_MS = 95 * 60_000; // mocha's own guard, and what comes before it

/**
 * A suite in a process of its own, beside the others: they are mostly waiting. Returns what prints its output when it
 * has ended, and hands over its records.
 */
function startBeside(suite, script, args = []) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-suite-'));
  const outputFile = path.join(folder, 'output');
  const ended = collectResults((file) =>
    run(process.execPath, [path.join(paths.root, 'scripts', script), ...args], {
      cwd: paths.root,
      env: { ...process.env, IOCP_NET_RESULTS: file },
      timeoutMs: SUITE_TIMEOUT_MS,
      outputFile,
      quiet: true,
    }),
  );
  ended.catch(() => {}); // reported by the function below
  return () =>
    attempt(suite, async () => {
      const records = await ended;
      process.stdout.write(fs.readFileSync(outputFile));
      fs.rmSync(folder, { recursive: true, force: true });
      return records.length > 0 ? records : [{ suite, passed: 0, failed: 1 }];
    });
}

/** What does not run here, each with the line that changes it. */
function skipped({ native, missingNative, windows, missingWine }) {
  const servers = process.env.IOCP_NET_REQUIRE_SERVERS === '1' ? [] : missingPackages();
  const peers = fs.existsSync(path.join(paths.root, 'benchmarks', 'peers', 'node_modules'));
  return [
    ...(native ? [] : [`the native tests: ${toolchain.aptLine(missingNative)}`]),
    ...(windows ? [] : [`the Windows suites: ${toolchain.aptLine(missingWine)}`]),
    ...(servers.length > 0 ? [`specs of servers and browsers: ${toolchain.aptLine(servers)}`] : []),
    ...(peers ? [] : ['the specs of Bun and Deno: npm run bench:peers']),
  ].map((line) => `skipped are ${line}`);
}

async function endOfWine() {
  const left = await endWine();
  if (left.length > 0) console.error(`processes in the Wine prefix: ${left.join(', ')}`);
  return [{ suite: 'nothing of Wine is left', passed: left.length > 0 ? 0 : 1, failed: left.length }];
}

async function main() {
  const missingNative = toolchain.missingForNativeTests();
  const missingWine = missingForWine();
  const native = missingNative.length === 0 || process.env.CI === 'true';
  const windows = missingWine.length === 0 || process.env.IOCP_NET_REQUIRE_WINDOWS === '1';

  const suites = [
    'mocha',
    'the contract on a simulated kernel',
    ...(native ? ['native tests'] : []),
    ...(windows ? ['both on Windows (Wine)'] : []),
  ];
  console.log(`${suites.join(', ')}: about ${windows ? 20 : 10} minutes on two processors`);
  const notes = skipped({ native, missingNative, windows, missingWine });
  for (const line of notes) console.log(line);
  // Once, before suites that run side by side would both do it.
  await buildTypeScript();
  await attempt('packages of test/ecosystem', () => ecosystem.installEcosystem());
  if (windows) await attempt('Wine', () => prepareWine());
  const mochaWindows = windows && startBeside('mocha on Windows (Wine)', 'test-windows.mjs');
  if (windows) console.log('mocha on Windows runs beside what follows, and prints when it has ended');
  const records = await attempt('mocha on this system', () => testLinux());
  if (process.platform === 'linux') {
    records.push(...(await attempt('contract on the simulated kernel', () => testSimulatedContract())));
  }
  if (native) records.push(...(await startBeside('native tests on this system', 'test-native.mjs')()));
  if (native && windows) {
    const args = ['--platform', 'win32'];
    records.push(...(await startBeside('native tests on Windows (Wine)', 'test-native.mjs', args)()));
  }
  if (mochaWindows) records.push(...(await mochaWindows()));
  if (windows) records.push(...(await attempt('nothing of Wine is left', endOfWine)));
  console.log('');
  for (const line of notes) console.log(line);
  closeResults(records);
}

if (process.argv.includes('--help')) process.stdout.write(HELP);
else await main();
