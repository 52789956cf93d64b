#!/usr/bin/env node
// npm start: an ordinary Express program, carried by the engine through the preload. Builds what is out of date first.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { buildAddon, buildTypeScript } from './lib/ensure-built.mjs';
import paths from './lib/paths.cjs';
import { buildWindowsEngine, windowsEngineEnvironment } from './lib/windows-engine.mjs';
import { prepareWine } from './lib/wine.mjs';

const HELP = `usage: npm start [-- options] [file]

Runs file (default: examples/express.js) with the package preloaded; PORT sets the example's port.

  --windows   under Wine, on the Windows engine
  --help      this text
`;

const PRELOADS = ['--require', './dist/register.js', '--require', './scripts/lib/announce.cjs'];

async function startHere(file) {
  // Without a compiler the example still runs, on node:net; the engine's line says why.
  try {
    buildAddon();
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
  }
  const child = spawn(process.execPath, [...PRELOADS, file], { cwd: paths.root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    if (code !== 0 && signal === null) process.exitCode = code;
  });
}

async function startUnderWine(file) {
  const wine = await prepareWine();
  buildWindowsEngine();
  const onStart = (child) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill('SIGKILL'));
  };
  const { code } = await wine.runNode([...PRELOADS, file], {
    env: windowsEngineEnvironment(),
    timeoutMs: 0,
    onStart,
  });
  if (code !== null) process.exitCode = code;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { windows: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const file = positionals[0] ?? 'examples/express.js';
  await buildTypeScript();
  await (values.windows ? startUnderWine(file) : startHere(file));
}

try {
  await main();
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
