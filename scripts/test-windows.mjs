#!/usr/bin/env node
// The same mocha suite on Windows' Node with the Windows engine, under Wine.
import fs from 'node:fs';
import path from 'node:path';
import realServers from '../test/ecosystem/support/servers.js';
import { bundledCheckout } from './lib/bundle.mjs';
import ecosystem from './lib/ecosystem.cjs';
import { buildTypeScript } from './lib/ensure-built.mjs';
import { runMocha, SUITE_TIMEOUT_MS } from './lib/mocha.mjs';
import nativeBuild from './lib/native-build.cjs';
import paths from './lib/paths.cjs';
import { addUp } from './lib/results.mjs';
import { suiteCommand } from './lib/suite-command.mjs';
import toolchain from './lib/toolchain.cjs';
import { buildWindowsEngine, windowsEngineEnvironment } from './lib/windows-engine.mjs';
import { DEFAULT_NODE_VERSION, prepareWine, windowsPath } from './lib/wine.mjs';

const HELP = `usage: npm run test:windows -- [options] [spec files]

Cross-compiles the addon with mingw-w64, fetches node.exe from npm, prepares Wine, and runs the mocha suite there.
The specs of test/program and test/bench run on the package in one file, as it is packed, but with --grep.
PostgreSQL and MariaDB run on this system, for the clients in test/ecosystem/secured.spec.js.

  --node-version VERSION   node.exe of this version (default ${DEFAULT_NODE_VERSION}; Wine 8 runs 20 and 22)
  --grep PATTERN           only specs whose full title matches
  --help                   this text
`;

/**
 * The folders of the second of two parts that take about the same time and run side by side: under Wine much is waiting.
 * Their specs start programs, each of which loads the package. Opening a file takes Wine milliseconds, so they run in a
 * checkout whose package is the one file that is packed.
 */
const SECOND_PART = ['bench', 'program'];

/** Servers that Windows has none of: those of this system serve clients under Wine, which find them by these ports. */
const SERVERS = { 'test/ecosystem/secured.spec.js': ['postgres', 'mariadb'] };

/** Puts them into `started`, one by one, so that whoever gives it can end those that have started. */
async function startServers(files, started) {
  const wanted = files.flatMap((file) => SERVERS[file] ?? []);
  const missing = realServers.missingPackages(wanted);
  if (missing.length === 0) {
    for (const name of wanted) started.push(await realServers.realServer(name));
    return;
  }
  const line = `not run under Wine, since servers are missing: ${toolchain.aptLine(missing)}`;
  if (process.env.IOCP_NET_REQUIRE_SERVERS === '1') throw new Error(line);
  console.log(line);
}

function allSpecs() {
  return fs
    .readdirSync(path.join(paths.root, 'test'), { recursive: true })
    .map((file) => `test/${file}`)
    .filter((file) => file.endsWith('.spec.js') && !file.includes('/node_modules/'))
    .sort();
}

export async function testWindows({ nodeVersion, grep, files = [] } = {}) {
  const wanted = files.length > 0 ? files : allSpecs();
  const servers = [];
  try {
    await startServers(wanted, servers);
    return await testUnderWine({ nodeVersion, grep, files, wanted, servers });
  } finally {
    for (const server of servers) await server.remove();
  }
}

async function testUnderWine({ nodeVersion, grep, files, wanted, servers }) {
  ecosystem.installEcosystem(); // there is no npm under Wine
  const wine = await prepareWine({ nodeVersion });
  await buildTypeScript();
  buildWindowsEngine();
  nativeBuild.buildTestAddon({ platform: 'win32' });
  nativeBuild.buildBenchmarks({ platform: 'win32' });
  nativeBuild.buildExamples();
  const ports = servers.map(({ name, port }) => `${name}=${port}`).join(',');
  const name = `mocha on win32 under Wine, Node ${wine.nodeVersion}`;
  const start = (selection, output = {}) =>
    runMocha(
      name,
      (args, { IOCP_NET_RESULTS }) =>
        wine.runNode(args, {
          timeoutMs: SUITE_TIMEOUT_MS,
          env: {
            ...windowsEngineEnvironment(),
            IOCP_NET_RESULTS: windowsPath(IOCP_NET_RESULTS),
            IOCP_NET_SERVERS: ports,
          },
          ...output,
        }),
      selection,
    );

  const isSecond = (file) => SECOND_PART.includes(path.normalize(file).split(path.sep)[1]);
  const second = wanted.filter(isSecond);
  const first = wanted.filter((file) => !isSecond(file));
  if (second.length === 0 || grep !== undefined) return start({ grep, files });

  const checkout = await bundledCheckout();
  try {
    if (first.length === 0) return await start({ files: second }, { cwd: checkout });
    const outputFile = path.join(checkout, 'output');
    console.log(
      `the specs of ${SECOND_PART.join(' and ')} run beside the others, and print when both have ended`,
    );
    const parts = await Promise.allSettled([
      start({ files: first }),
      start({ files: second }, { cwd: checkout, outputFile, quiet: true }),
    ]);
    process.stdout.write(fs.readFileSync(outputFile));
    const broken = parts.find(({ status }) => status === 'rejected');
    if (broken !== undefined) throw broken.reason;
    return addUp(parts.flatMap(({ value }) => value));
  } finally {
    fs.rmSync(checkout, { recursive: true, force: true });
  }
}

if (import.meta.filename === process.argv[1]) await suiteCommand(HELP, testWindows);
