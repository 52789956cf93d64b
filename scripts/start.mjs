#!/usr/bin/env node
// npm start: an ordinary Express program, carried by the engine through the preload. Builds what is out of date first.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import ecosystem from './lib/ecosystem.cjs';
import { buildAddon, buildTypeScript } from './lib/ensure-built.mjs';
import nativeBuild from './lib/native-build.cjs';
import paths from './lib/paths.cjs';
import toolchain from './lib/toolchain.cjs';
import { buildWindowsEngine, windowsEngineEnvironment } from './lib/windows-engine.mjs';
import { prepareWine, windowsPath } from './lib/wine.mjs';

const HELP = `usage: npm start [-- options] [file]

Runs file (default: examples/express.js) with the package preloaded; PORT sets the example's port.

  --windows   under Wine, on the Windows engine
  --gdb       in gdb (with --windows in Wine's debugger), on a debug build with its assertions: where the program crashes,
              the native stack is printed
  --help      this text
`;

const PRELOADS = ['--require', './dist/register.js', '--require', './scripts/lib/announce.cjs'];

const DEBUG = { platform: 'linux', folder: path.join(paths.root, 'build-debug') };
const WINDOWS_DEBUG = { platform: 'win32', folder: path.join(paths.root, 'build-win32-x64-debug') };
const GDB = ['-quiet', '-batch', '-ex', 'run', '-ex', 'bt 40'];
// Wine's debugger stops where the program starts, and again where it crashes.
const WINEDBG = ['winedbg', '--file', 'scripts/lib/backtrace.winedbg'];

/** The engine with assertions, for this run alone. */
function debugEngine({ platform, folder }, name = folder) {
  nativeBuild.buildNative({ platform, config: 'Debug', out: path.join(folder, 'build') });
  return { IOCP_NET_PREBUILD: name };
}

/** Examples whose framework is among the packages of test/ecosystem, and no dependency of the checkout. */
const WITH_ECOSYSTEM = ['fastify.js', 'hapi.js', 'koa.js', 'nest.js'].map((name) =>
  path.join(paths.root, 'examples', name),
);

/** What Node needs in its environment to find the example's framework, which is installed if it has to be. */
function moduleFolders(file, asSeen = (folder) => folder) {
  if (!WITH_ECOSYSTEM.includes(path.resolve(paths.root, file))) return {};
  if (!ecosystem.installEcosystem()) throw new Error(`${file} needs the packages of test/ecosystem`);
  return { NODE_PATH: asSeen(ecosystem.ecosystemFolder) };
}

async function startHere(file, debug) {
  const [program, args, env] = debug
    ? ['gdb', [...GDB, '--args', process.execPath], debugEngine(DEBUG)]
    : [process.execPath, [], {}];
  // Without a compiler the example still runs, on node:net; the engine's line says why.
  try {
    if (!debug) buildAddon();
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
  }
  const child = spawn(program, [...args, ...PRELOADS, file], {
    cwd: paths.root,
    stdio: 'inherit',
    env: { ...process.env, ...moduleFolders(file), ...env },
  });
  child.once('error', (error) => {
    console.error(`iocp-net: ${error.code === 'ENOENT' ? toolchain.aptLine([program]) : error.message}`);
    process.exitCode = 1;
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    if (code !== 0 && signal === null) process.exitCode = code;
  });
}

async function startUnderWine(file, debug) {
  const wine = await prepareWine();
  if (!debug) buildWindowsEngine();
  const engine = debug
    ? debugEngine(WINDOWS_DEBUG, windowsPath(WINDOWS_DEBUG.folder))
    : windowsEngineEnvironment();
  const onStart = (child) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill('SIGKILL'));
  };
  const { code } = await wine.runNode([...PRELOADS, file], {
    env: { ...moduleFolders(file, windowsPath), ...engine },
    under: debug ? WINEDBG : [],
    timeoutMs: 0,
    onStart,
  });
  if (code !== null) process.exitCode = code;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      windows: { type: 'boolean', default: false },
      gdb: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const file = positionals[0] ?? 'examples/express.js';
  await buildTypeScript();
  await (values.windows ? startUnderWine(file, values.gdb) : startHere(file, values.gdb));
}

try {
  await main();
} catch (error) {
  console.error(`iocp-net: ${error.message}`);
  process.exitCode = 1;
}
