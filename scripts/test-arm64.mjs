#!/usr/bin/env node
// Specs on Node for arm64 with the prebuilt arm64 engine, under qemu-user.
import fs from 'node:fs';
import path from 'node:path';
import { buildTypeScript } from './lib/ensure-built.mjs';
import { runMocha } from './lib/mocha.mjs';
import nativeBuild from './lib/native-build.cjs';
import nodePackage from './lib/node-package.cjs';
import paths from './lib/paths.cjs';
import { run } from './lib/run.mjs';
import { suiteCommand } from './lib/suite-command.mjs';
import targets from './lib/targets.cjs';
import toolchain from './lib/toolchain.cjs';

const DEFAULT_NODE_VERSION = '20.20.2';

const HELP = `usage: npm run test:arm64 -- [options] [spec files]

Cross-compiles the engine for arm64, fetches Node for arm64 from npm, and runs specs on both under qemu-user. Without
files: a part of the contract that takes about a minute, then an echo and a file transfer, on the prebuilt engine where
there is one (npm run prebuild). 'test/contract/!(load).spec.js' is all that can be run so.

  --node-version VERSION   default ${DEFAULT_NODE_VERSION}
  --grep PATTERN           only specs whose full title matches
  --help                   this text
`;

const TARGET = 'linux-arm64';
const TIMEOUT_MS = 60 * 60_000;

/** Parts of the contract that start no processes: a start takes seconds under qemu. */
const SPECS = ['errors', 'exports', 'half-open', 'options', 'properties', 'server-accept', 'write-order'];

/** Programs that a user would try first, with their arguments. */
const PROGRAMS = [['test/package/echo.cjs'], ['--require', './dist/register.js', 'examples/transfer.js']];

function missing() {
  return [
    ...targets.missingFor(TARGET),
    ...(toolchain.onPath('qemu-aarch64') === undefined ? ['qemu-user'] : []),
  ];
}

/** A file that a program can start as its own Node: qemu with this executable, and itself as process.execPath. */
function emulatedNode(version) {
  const node = nodePackage.fetchNode('linux', version, 'arm64');
  const folder = paths.cacheFolder('arm64', version);
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'node');
  const preload = path.join(folder, 'exec-path.cjs');
  fs.writeFileSync(preload, `process.execPath = ${JSON.stringify(file)};\n`);
  const command = `exec qemu-aarch64 -L /usr/aarch64-linux-gnu '${node}' --require '${preload}' "$@"`;
  fs.writeFileSync(file, `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  return file;
}

async function runPrograms(suite, start) {
  const record = { suite, passed: 0, failed: 0, failures: [] };
  const prebuilt = path.join(paths.root, 'prebuilds', TARGET, 'iocp-net.glibc.node');
  const addon = fs.existsSync(prebuilt) ? { IOCP_NET_ADDON: prebuilt } : {};
  console.log(
    `on ${fs.existsSync(prebuilt) ? path.relative(paths.root, prebuilt) : 'the engine just built'}:`,
  );
  for (const args of PROGRAMS) {
    const { code, signal } = await start(args, { ...addon, FILE: 'package-lock.json' });
    if (code === 0) record.passed++;
    else record.failures.push(`${args.at(-1)} ended with ${signal ?? `exit code ${code}`}`);
  }
  return { ...record, failed: record.failures.length };
}

async function testArm64({ nodeVersion = DEFAULT_NODE_VERSION, grep, files = [] }) {
  if (missing().length > 0) throw new Error(`arm64 needs: ${toolchain.aptLine(missing())}`);
  await buildTypeScript();
  const folder = path.join(paths.root, `build-${TARGET}`);
  nativeBuild.buildNative({ target: TARGET, out: path.join(folder, 'build') });
  const node = emulatedNode(nodeVersion);
  const env = { ...process.env, IOCP_NET_PREBUILD: folder };
  const start = (args, more) =>
    run(node, args, { cwd: paths.root, timeoutMs: TIMEOUT_MS, env: { ...env, ...more } });
  const specs = files.length > 0 ? files : SPECS.map((name) => `test/contract/${name}.spec.js`);
  const name = `mocha on ${TARGET} under qemu, Node ${nodeVersion}`;
  const records = await runMocha(name, start, { grep, files: specs });
  const named = records.map((record) => ({ ...record, suite: name }));
  if (files.length > 0 || grep !== undefined) return named;
  return [...named, await runPrograms(`echo and transfer on ${TARGET} under qemu`, start)];
}

await suiteCommand(HELP, testArm64);
