#!/usr/bin/env node
// npm start, as it is typed: it serves a page, Ctrl+C ends it without a rest, and a taken port is one line.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';

const HELP = `usage: npm run test:start

Starts npm start on a free port, fetches its page, and ends it as Ctrl+C does; then the same on a port that is taken.
`;

const GUARD_MS = 5 * 60_000; // the engine may have to be built first
const FROM_NPM = /^(>.*|npm (error|warn|notice).*|)$/; // what npm itself prints around a script

/** npm start in a process group of its own, as a terminal has it. */
function start(port) {
  const child = spawn('npm', ['start'], {
    cwd: paths.root,
    detached: true,
    env: { ...process.env, PORT: String(port) },
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

async function listenSomewhere() {
  const server = net.createServer().listen(0);
  await once(server, 'listening');
  return server;
}

async function servesAPage() {
  const free = await listenSomewhere();
  const { port } = free.address();
  free.close();
  await once(free, 'close');
  const run = start(port);
  await printed(run, /http:/);
  assert.match(run.output, /^engine: epoll$/m);
  assert.equal(await (await fetch(`http://localhost:${port}/`)).text(), 'Hello from Express\n');
  process.kill(-run.child.pid, 'SIGINT');
  await run.closed;
  assert.throws(() => process.kill(-run.child.pid, 0), { code: 'ESRCH' }, 'a process is left');
}

async function saysThatThePortIsTaken() {
  const taken = await listenSomewhere();
  const { port } = taken.address();
  const run = start(port);
  const [code] = await run.closed;
  taken.close();
  assert.equal(code, 1);
  assert.deepEqual(run.lines(), ['engine: epoll', `port ${port} is taken: PORT=... sets another`]);
}

async function testStart() {
  const record = { suite: 'npm start', passed: 0, failed: 0, failures: [] };
  for (const test of [servesAPage, saysThatThePortIsTaken]) {
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
