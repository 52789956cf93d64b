'use strict';

// One network and the two processes on its sides. All of it lives in child processes, and ends with them: the relay when
// its input ends, the peers when their channel does.

const path = require('node:path');
const readline = require('node:readline');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { CONVERSATIONS } = require('./conversations.js');

const NOT_PERMITTED = 77; // main.cc
const SIDES = ['server', 'client'];
const NAMES = ['node:net', 'iocp-net'];

/** Whose ends a connection has: node:net's with each other first, which the others are compared with. */
const PAIRS = NAMES.flatMap((server) => NAMES.map((client) => ({ server, client })));

function tasksOf(copies) {
  const tasks = [];
  for (const conversation of Object.keys(CONVERSATIONS)) {
    for (let number = 0; number < copies; number++) {
      for (const pair of PAIRS) tasks.push({ id: tasks.length, conversation, number, ...pair });
    }
  }
  return tasks;
}

/** The next message or line that `pick` takes; an error when the process ends first. */
function startProcess(name, file, args, stdio) {
  const child = spawn(file, args, { stdio });
  let refuse;
  const failure = new Promise((_resolve, reject) => {
    refuse = reject;
  });
  failure.catch(() => {}); // whoever waits for the process races with it
  const ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
    child.once('error', (error) => resolve(error.message));
  });
  ended.then((how) => refuse(new Error(`${name} ended with ${how}`)));
  return { child, failure, ended };
}

class Relay {
  #process;
  #lines;

  constructor(program, plan, seed) {
    const args = Object.entries({ seed, ...plan }).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#process = startProcess('the relay', program, args, ['pipe', 'pipe', 'inherit']);
    this.#lines = readline.createInterface({ input: this.#process.child.stdout })[Symbol.asyncIterator]();
    this.failure = this.#process.failure;
  }

  async #line() {
    const { value } = await Promise.race([this.#lines.next(), this.failure]);
    return JSON.parse(value);
  }

  /** The files of the two namespaces. */
  namespaces() {
    return this.#line();
  }

  async figures() {
    this.#process.child.stdin.end();
    const { value } = await this.#lines.next();
    const how = await this.#process.ended;
    if (how !== 0) throw new Error(`the relay ended with ${how}`);
    return JSON.parse(value);
  }

  async stop() {
    this.#process.child.kill('SIGKILL');
    await this.#process.ended;
  }
}

class Peer {
  traces = new Map();
  #waiting = () => {};

  constructor(side, namespace) {
    const args = [`--net=${namespace}`, '--', process.execPath, path.join(__dirname, 'peer.js'), side];
    const { child, failure, ended } = startProcess(`the ${side}`, 'nsenter', args, [
      ...['ignore', 'inherit', 'inherit', 'ipc'],
    ]);
    Object.assign(this, { side, child, failure, ended });
    child.on('message', ({ id, trace }) => {
      if (trace === undefined) return;
      this.traces.set(id, trace);
      this.#waiting();
    });
  }

  /** The message that has `key`. */
  async answer(key) {
    for (;;) {
      const [message] = await Promise.race([once(this.child, 'message'), this.failure]);
      if (key in message) return message[key];
    }
  }

  async tracesOf(tasks) {
    await Promise.race([
      new Promise((resolve) => {
        this.#waiting = () => tasks.every(({ id }) => this.traces.has(id)) && resolve();
        this.#waiting();
      }),
      this.failure,
    ]);
  }

  async end() {
    this.child.send('end');
    const how = await this.ended;
    if (how !== 0) throw new Error(`the ${this.side} ended with ${how}`);
  }

  async stop() {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

const tasksOn = (side, tasks) => tasks.filter(({ conversation }) => side in CONVERSATIONS[conversation]);

async function hold(peers, { seed, amounts, tasks }) {
  await Promise.all(peers.map((peer) => peer.answer('ready')));
  const [server, client] = peers;
  const answered = server.answer('ports');
  server.child.send({ seed, amounts, tasks });
  client.child.send({ seed, amounts, tasks, ports: await answered });
  await Promise.all(peers.map((peer) => peer.tracesOf(tasksOn(peer.side, tasks))));
  await Promise.all(peers.map((peer) => peer.end()));
}

/** What has no trace yet: of a run that hangs. */
function missing(peers, tasks) {
  return peers.flatMap(({ side, traces }) =>
    tasksOn(side, tasks)
      .filter(({ id }) => !traces.has(id))
      .map((task) => `${side} of "${task.conversation}", ${task.server} with ${task.client}`),
  );
}

/**
 * All conversations over one network.
 * @param {{relay: string, plan: object, seed: number, copies: number,
 *   guardMs: number, amounts: import('./conversations.js').Amounts}} options
 */
async function converse({ relay: program, plan, seed, copies, guardMs, amounts }) {
  const tasks = tasksOf(copies);
  const relay = new Relay(program, plan, seed);
  const peers = [];
  let guard;
  try {
    const namespaces = await relay.namespaces();
    for (const side of SIDES) peers.push(new Peer(side, namespaces[side]));
    const late = new Promise((_resolve, reject) => {
      guard = setTimeout(() => {
        const list = missing(peers, tasks).join('\n  ');
        reject(new Error(`not over after ${guardMs / 60_000} minutes:\n  ${list}`));
      }, guardMs);
    });
    await Promise.race([hold(peers, { seed, amounts, tasks }), late, relay.failure]);
    const figures = await relay.figures();
    const traces = Object.fromEntries(peers.map(({ side, traces: all }) => [side, all]));
    return { tasks, traces, figures };
  } finally {
    clearTimeout(guard);
    await Promise.all([relay, ...peers].map((one) => one.stop()));
  }
}

/** Why there can be no network here, or undefined. */
async function obstacle(program) {
  const child = spawn(program, [], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (more) => (text += more));
  const [code, signal] = await once(child, 'close');
  if (code === NOT_PERMITTED) return text.trim();
  if (code !== 0) throw new Error(`the relay ended with ${signal ?? code}: ${text}`);
  return undefined;
}

module.exports = { converse, obstacle, SIDES, tasksOn };
