#!/usr/bin/env node
// The same mocha suite on Windows' Node with the Windows engine, under Wine.
import { buildTypeScript } from './lib/ensure-built.mjs';
import { runMocha, SUITE_TIMEOUT_MS } from './lib/mocha.mjs';
import nativeBuild from './lib/native-build.cjs';
import { suiteCommand } from './lib/suite-command.mjs';
import { buildWindowsEngine, windowsEngineEnvironment } from './lib/windows-engine.mjs';
import { DEFAULT_NODE_VERSION, prepareWine, windowsPath } from './lib/wine.mjs';

const HELP = `usage: npm run test:windows -- [options] [spec files]

Cross-compiles the addon with mingw-w64, fetches node.exe from npm, prepares Wine, and runs the mocha suite there.

  --node-version VERSION   node.exe of this version (default ${DEFAULT_NODE_VERSION}; Wine 8 runs 20 and 22)
  --grep PATTERN           only specs whose full title matches
  --help                   this text
`;

export async function testWindows({ nodeVersion, grep, files } = {}) {
  const wine = await prepareWine({ nodeVersion });
  await buildTypeScript();
  buildWindowsEngine();
  nativeBuild.buildBenchmarks({ platform: 'win32' });
  nativeBuild.buildExamples();
  const start = (args, { IOCP_NET_RESULTS }) =>
    wine.runNode(args, {
      timeoutMs: SUITE_TIMEOUT_MS,
      env: { ...windowsEngineEnvironment(), IOCP_NET_RESULTS: windowsPath(IOCP_NET_RESULTS) },
    });
  return runMocha(`mocha on win32 under Wine, Node ${wine.nodeVersion}`, start, { grep, files });
}

if (import.meta.filename === process.argv[1]) await suiteCommand(HELP, testWindows);
