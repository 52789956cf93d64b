'use strict';

// Rounds of mixed traffic between two processes, both over the preload. Everything that one of them finds wrong is a
// failure, and so is what is left over after a round, or memory that goes on growing from round to round.

const path = require('node:path');
const { fork } = require('node:child_process');
const { setTimeout: pause } = require('node:timers/promises');
const { PRELOADS } = require('../support/program.js');
const { startProcess } = require('../support/start-process.js');
const { isWindows } = require('../support/local-names.js');

const PROGRESS_MS = 5_000;
const ANSWER_LIMIT_MS = 300_000;
const REPLACE_WORKER_MS = 1_500;
const HOLD_MS = 700;
// Of the second round's memory: the first fills pools and compiles.
const GROWTH_MAX = 0.25;
const GROWTH_SLACK_BYTES = 24 * 1024 * 1024;

/** A child that answers commands, each with one message of the given key. */
function startPart(file, options, onMessage) {
  const { IOCP_NET_ENGINE, NODE_OPTIONS, NODE_DEBUG, ...env } = process.env;
  const child = startProcess(() =>
    fork(path.join(__dirname, file), [JSON.stringify(options)], {
      execArgv: PRELOADS.require,
      env,
    }),
  );
  const waiting = new Map();
  let ended;
  const over = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  over.then((how) => {
    ended = new Error(`${file} ended with ${how}`);
    for (const { reject } of waiting.values()) reject(ended);
  });
  child.on('message', (message) => {
    onMessage?.(message);
    for (const [key, { resolve }] of waiting) if (key in message) resolve(message);
  });
  async function answer(key) {
    if (ended !== undefined) throw ended;
    let guard;
    try {
      return await new Promise((resolve, reject) => {
        waiting.set(key, { resolve, reject });
        guard = setTimeout(() => reject(new Error(`${file}: no ${key}`)), ANSWER_LIMIT_MS);
      });
    } finally {
      clearTimeout(guard);
      waiting.delete(key);
    }
  }
  return {
    answer,
    over,
    ask(command, key, rest = {}) {
      const answered = answer(key);
      child.send({ command, ...rest });
      return answered;
    },
    send: (message) => child.send(message),
    stop: () => child.kill('SIGKILL'),
  };
}

function judge(round, first, { done, left }) {
  const faults = [...done.shown];
  if (done.wrongs > done.shown.length) faults.push(`and ${done.wrongs - done.shown.length} more`);
  if (done.opened !== done.closed) faults.push(`${done.opened} sockets, and ${done.closed} times 'close'`);
  for (const [who, now, before] of [
    ['server', left, first?.left],
    ['load', done.left, first?.done.left],
  ]) {
    if (now.endpoints !== 0) faults.push(`${who}: ${now.endpoints} endpoints left`);
    if (before === undefined) continue;
    if (now.descriptors > before.descriptors)
      faults.push(
        `${who}: ${now.descriptors - before.descriptors} descriptors more than after the first round`,
      );
    if (now.rss > before.rss * (1 + GROWTH_MAX) + GROWTH_SLACK_BYTES)
      faults.push(`${who}: grew from ${before.rss} to ${now.rss} bytes`);
  }
  return faults.map((fault) => `round ${round}: ${fault}`);
}

/**
 * @param {{rounds: number, roundMs: number, connections: number, others: number, seed: number,
 *   onProgress?: (text: string) => void}} options
 */
async function soak({ rounds, roundMs, connections, others, seed, onProgress = () => {} }) {
  const load = startPart('load.js', { seed, connections, others });
  const server = startPart(
    'server.js',
    { replaceWorkerMs: REPLACE_WORKER_MS, holdMs: isWindows ? 0 : HOLD_MS },
    ({ workerPort }) => {
      if (workerPort !== undefined) load.send({ workerPort });
    },
  );
  const results = [];
  const faults = [];
  try {
    const { port, engine } = await server.answer('port');
    for (let round = 1; round <= rounds; round++) {
      await server.ask('begin', 'began');
      load.send({ command: 'begin', port });
      const until = Date.now() + roundMs;
      while (Date.now() < until) {
        await pause(Math.min(PROGRESS_MS, roundMs));
        const { progress } = await load.ask('progress', 'progress');
        onProgress({ round, rounds, ...progress });
      }
      await server.ask('calm', 'calm');
      const { done } = await load.ask('end', 'done');
      const rest = await server.ask('rest', 'left');
      results.push({ done, ...rest });
      faults.push(...judge(round, results.length > 2 ? results[1] : undefined, results.at(-1)));
    }
    load.send({ command: 'quit' });
    server.send({ command: 'quit' });
    for (const [name, part] of Object.entries({ load, server })) {
      const how = await part.over;
      if (how !== 0) faults.push(`${name} ended with ${how}`);
    }
    return { engine, results, faults };
  } finally {
    load.stop();
    server.stop();
  }
}

module.exports = { soak };
