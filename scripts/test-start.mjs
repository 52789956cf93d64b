#!/usr/bin/env node
// npm start, as it is typed: it serves a page, Ctrl+C ends it without a rest, and a taken port is one line. The same in a
// copy of the checkout on a system without a compiler, after npm ci.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../test/support/sockets.js';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: npm run test:start

Starts npm start on a free port, fetches its page, and ends it as Ctrl+C does; then the same on a port that is taken.
Then npm ci and npm start in a copy of the checkout, with nothing but node, npm and sh, and with g++ and make but no cmake.
`;

const GUARD_MS = 5 * 60_000; // the engine may have to be built first
const FROM_NPM = /^(>.*|npm (error|warn|notice).*|)$/; // what npm itself prints around a script

/** npm start in a process group of its own, as a terminal has it. */
function start(port, { cwd = paths.root, env = process.env } = {}) {
  const child = spawn('npm', ['start'], {
    cwd,
    detached: true,
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run = {
    child,
    output: '',
    lines: () => run.output.split('\n').filter((line) => !FROM_NPM.test(line)),
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      run.output += text;
    });
  }
  run.guard = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), GUARD_MS);
  run.closed = once(child, 'close').finally(() => clearTimeout(run.guard));
  return run;
}

async function printed(run, pattern) {
  while (!pattern.test(run.output)) {
    if (run.child.exitCode !== null || run.child.signalCode !== null)
      throw new Error(`npm start ended: ${run.output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What npm start prints up to its end; it serves the page until Ctrl+C ends it. */
async function servePage(options) {
  const port = await freePort(net);
  const run = start(port, options);
  await printed(run, /http:/);
  assert.equal(await (await fetch(`http://localhost:${port}/`)).text(), 'Hello from Express\n');
  process.kill(-run.child.pid, 'SIGINT');
  await run.closed;
  assert.throws(() => process.kill(-run.child.pid, 0), { code: 'ESRCH' }, 'a process is left');
  return run.lines();
}

async function servesAPage() {
  assert.ok((await servePage()).includes('engine: epoll'));
}

async function saysThatThePortIsTaken() {
  const taken = net.createServer().listen(0);
  await once(taken, 'listening');
  const { port } = taken.address();
  const run = start(port);
  const [code] = await run.closed;
  taken.close();
  assert.equal(code, 1);
  assert.deepEqual(run.lines(), ['engine: epoll', `port ${port} is taken: PORT=... sets another`]);
}

/** Folders that git does not keep (.gitignore), and git's own. */
const NOT_COPIED = /\/(\.git|node_modules|build[^/]*|dist|benchmarks\/peers|prebuilds\/[^/]+)$/;

/** The checkout as it is cloned, and a folder of programs that is the whole PATH. */
function bareSystem() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-bare-'));
  const checkout = path.join(folder, 'checkout');
  fs.cpSync(paths.root, checkout, {
    recursive: true,
    filter(file) {
      const kind = fs.statSync(file);
      return kind.isDirectory() ? !NOT_COPIED.test(file.slice(paths.root.length)) : kind.isFile();
    },
  });
  const programs = path.join(folder, 'programs');
  fs.mkdirSync(programs);
  fs.symlinkSync(process.execPath, path.join(programs, 'node'));
  for (const name of ['npm', 'sh']) fs.symlinkSync(toolchain.onPath(name), path.join(programs, name));
  // What npm run has set is not in a newcomer's terminal.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|IOCP_NET_|NODE_OPTIONS)/i.test(name)),
  );
  return { folder, programs, cwd: checkout, env: { ...env, PATH: programs, NO_UPDATE_NOTIFIER: '1' } };
}

/** A program that is found and never called: whatever calls it fails. */
function putProgram({ programs }, name) {
  fs.writeFileSync(path.join(programs, name), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
}

/** Runs npm, which has to succeed and to print one line of ours, with what to install and to type. */
function preparesWithout(system, args, packages) {
  const { status, stdout, stderr } = spawnSync('npm', args, { ...system, encoding: 'utf8' });
  const output = `${stdout}${stderr}`;
  assert.equal(status, 0, output);
  const build = `apt-get install -y --no-install-recommends ${packages} && npm run build:native`;
  assert.deepEqual(
    output.split('\n').filter((line) => line.includes('iocp-net:')),
    [`iocp-net: the package runs on node:net. To build the native engine: ${build}`],
  );
  // Some packages of the checkout ask for a newer Node than others; none for a newer one than the oldest supported.
  if (process.versions.node.startsWith('20.')) assert.doesNotMatch(output, /^npm warn/im);
}

async function startsWithout(system, packages) {
  const [todo, engine] = await servePage(system);
  const install = `apt-get install -y --no-install-recommends ${packages}`;
  assert.equal(todo, `iocp-net: the native engine cannot be built. To get it: ${install}`);
  assert.match(engine, /^engine: libuv \(the native port did not load \(.+\)\)$/);
}

/** With nothing but node, npm and sh; then with the compiler and make of the official node:20 image, which has no cmake. */
async function startsWithoutCompilerOrCmake() {
  const system = bareSystem();
  try {
    preparesWithout(system, ['ci', '--no-audit', '--no-fund', '--prefer-offline'], 'g++ cmake make');
    await startsWithout(system, 'g++ cmake make');
    for (const name of ['g++', 'make']) putProgram(system, name);
    preparesWithout(system, ['run', 'prepare'], 'cmake');
    await startsWithout(system, 'cmake');
  } finally {
    fs.rmSync(system.folder, { recursive: true, force: true });
  }
}

async function testStart() {
  const record = { suite: 'npm start', passed: 0, failed: 0, failures: [] };
  for (const test of [servesAPage, saysThatThePortIsTaken, startsWithoutCompilerOrCmake]) {
    try {
      await test();
      record.passed++;
    } catch (error) {
      record.failed++;
      record.failures.push(`${test.name}: ${error.message}`);
      console.error(`npm start: ${test.name}: ${error.message}`);
    }
  }
  closeResults([record]);
}

if (process.argv.includes('--help')) process.stdout.write(HELP);
else await testStart();
