'use strict';

// Runs a program plainly and with the port preloaded: both must end by themselves with the same result, and only the
// plain one may have made TCP handles of Node's.

const assert = require('node:assert/strict');
const path = require('node:path');
const { fork } = require('node:child_process');
const { PRELOADS, ENGINE } = require('../../support/program.js');
const { startProcess } = require('../../support/start-process.js');
const { isWindows } = require('../../support/local-names.js');

const GUARD_MS = 140_000; // 100 MiB of grpc-js take half a minute under Wine, and more beside other suites
const PLAIN_ATTEMPTS = 3;

function start(program, args, preload, answer) {
  return new Promise((resolve, reject) => {
    const { IOCP_NET_ENGINE, NODE_OPTIONS, NODE_DEBUG, ...env } = process.env;
    const child = startProcess(() =>
      fork(path.join(__dirname, '..', 'programs', program), args.map(String), {
        execArgv: PRELOADS[preload],
        env,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      }),
    );
    let output = '';
    let message;
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.on('message', async (sent) => {
      if (!('ask' in sent)) message = sent;
      else
        try {
          child.send({ done: await answer(sent.ask) });
        } catch (error) {
          child.kill('SIGKILL');
          reject(error);
        }
    });
    const guard = setTimeout(() => child.kill('SIGKILL'), GUARD_MS);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(guard);
      if (code === 0 && message !== undefined) resolve({ ...message, output });
      else
        reject(
          new Error(`${program} ${args.join(' ')} (${preload}) ended with ${signal ?? code}\n${output}`),
        );
    });
  });
}

/** Plainly. Under Wine node:net itself was seen to fail, rarely (a TLS client's ECONNRESET): it is asked again, and says so. */
async function startPlainly(program, args, answer) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(program, args, 'none', answer);
    } catch (error) {
      if (!isWindows || attempt === PLAIN_ATTEMPTS) throw error;
      console.error(`${error.message}: asked again`);
    }
  }
}

/**
 * @param {string} program  file in test/ecosystem/programs
 * @param {(string|number)[]} args
 * @param {{accepted?: number, connected?: number, answer?: (ask: string) => Promise<void>, libuvToo?: boolean, libuvAlone?: boolean}} least
 *   what the port has to have carried at the least; beside it there may be TLS or HTTP/2 on libuv, or nothing else at all
 */
async function carriedAlike(
  program,
  args,
  { accepted = 0, connected = 0, answer, preload = 'require', libuvToo = false, libuvAlone = false } = {},
) {
  assert.ok(libuvAlone || accepted + connected > 0, 'a spec that expects nothing of the port shows nothing');
  const both = [];
  for (const each of ['none', preload]) {
    both.push(each === 'none' ? startPlainly(program, args, answer) : start(program, args, each, answer));
    // Side by side, unless they ask for something that there is once.
    if (answer !== undefined) await both.at(-1);
  }
  const [plain, ours] = await Promise.all(both);
  assert.ok(plain.handlesSeen > 0, `${program} never looked while a connection was open`);
  assert.deepEqual(ours.result, plain.result);
  assert.equal(ours.engine, ENGINE);
  // TLS and HTTP/2 keep libuv's handles, and take sockets of the port there.
  if (libuvAlone) {
    assert.equal(ours.handlesSeen > 0, true, 'node made no TCP handles');
    assert.deepEqual([ours.accepted, ours.connected], [0, 0], 'the port carried what works in C++');
  } else if (!libuvToo) {
    assert.equal(ours.handlesSeen, 0, 'node made TCP handles of its own');
  }
  assert.ok(
    ours.accepted >= accepted,
    `${ours.accepted} connections accepted, at least ${accepted} expected`,
  );
  assert.ok(ours.connected >= connected, `${ours.connected} connected, at least ${connected} expected`);
}

module.exports = { carriedAlike };
