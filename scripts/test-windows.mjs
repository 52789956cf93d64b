#!/usr/bin/env node
// The same mocha suite on Windows' Node with the Windows engine, under Wine.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import ecosystem from './lib/ecosystem.cjs';
import { buildTypeScript } from './lib/ensure-built.mjs';
import { runMocha, SUITE_TIMEOUT_MS } from './lib/mocha.mjs';
import nativeBuild from './lib/native-build.cjs';
import paths from './lib/paths.cjs';
import { addUp } from './lib/results.mjs';
import { suiteCommand } from './lib/suite-command.mjs';
import { buildWindowsEngine, windowsEngineEnvironment } from './lib/windows-engine.mjs';
import { DEFAULT_NODE_VERSION, prepareWine, windowsPath } from './lib/wine.mjs';

const HELP = `usage: npm run test:windows -- [options] [spec files]

Cross-compiles the addon with mingw-w64, fetches node.exe from npm, prepares Wine, and runs the mocha suite there.

  --node-version VERSION   node.exe of this version (default ${DEFAULT_NODE_VERSION}; Wine 8 runs 20 and 22)
  --grep PATTERN           only specs whose full title matches
  --help                   this text
`;

/** The folders of the second of two parts that take about the same time and run side by side: under Wine much is waiting. */
const SECOND_PART = ['bench', 'program'];

function parts() {
  const specs = fs
    .readdirSync(path.join(paths.root, 'test'), { recursive: true })
    .map((file) => `test/${file}`)
    .filter((file) => file.endsWith('.spec.js') && !file.includes('/node_modules/'));
  const second = (file) => SECOND_PART.includes(file.split('/')[1]);
  return [specs.filter((file) => !second(file)), specs.filter(second)].map((files) => files.sort());
}

export async function testWindows({ nodeVersion, grep, files = [] } = {}) {
  ecosystem.installEcosystem(); // there is no npm under Wine
  const wine = await prepareWine({ nodeVersion });
  await buildTypeScript();
  buildWindowsEngine();
  nativeBuild.buildTestAddon({ platform: 'win32' });
  nativeBuild.buildBenchmarks({ platform: 'win32' });
  nativeBuild.buildExamples();
  const name = `mocha on win32 under Wine, Node ${wine.nodeVersion}`;
  const start = (selection, output = {}) =>
    runMocha(
      name,
      (args, { IOCP_NET_RESULTS }) =>
        wine.runNode(args, {
          timeoutMs: SUITE_TIMEOUT_MS,
          env: { ...windowsEngineEnvironment(), IOCP_NET_RESULTS: windowsPath(IOCP_NET_RESULTS) },
          ...output,
        }),
      selection,
    );
  if (files.length > 0 || grep !== undefined) return start({ grep, files });

  const [first, second] = parts();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-second-part-'));
  const outputFile = path.join(folder, 'output');
  console.log(
    `the specs of ${SECOND_PART.join(' and ')} run beside the others, and print when both have ended`,
  );
  const records = await Promise.all([
    start({ files: first }),
    start({ files: second }, { outputFile, quiet: true }),
  ]);
  process.stdout.write(fs.readFileSync(outputFile));
  fs.rmSync(folder, { recursive: true, force: true });
  return addUp(records.flat());
}

if (import.meta.filename === process.argv[1]) await suiteCommand(HELP, testWindows);
