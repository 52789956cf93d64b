'use strict';

// Who connects to the server, and how each behaves. All of them go on until `tally.stopped`.

const { setTimeout: pause, setImmediate: turn } = require('node:timers/promises');
const { numbers } = require('./pattern.js');
const { Conversation } = require('./conversation.js');

const MESSAGE_BYTES_MAX = 60_000;
const SLOW_BYTES = 256 * 1024;
const SLOW_PIECE_BYTES = 32 * 1024;
const DRIPS = 100;
const FLOOD_CONNECTIONS = 40;
const FLOOD_PAUSE_MS = 150;
const CHURN_PAUSE_MS = 2;

/** Few are long, most are short. */
const messageBytes = (random) => Math.ceil(MESSAGE_BYTES_MAX ** random());

/** Held open for the whole round; sends, waits for all of it, and pauses. */
async function talk({ thinkMs, ...options }) {
  const { random, tally } = options;
  const conversation = new Conversation(options);
  await conversation.opened;
  while (!tally.stopped() && !conversation.socket.destroyed) {
    conversation.write(messageBytes(random));
    await conversation.answered();
    await pause(thinkMs * 2 * random());
  }
  await conversation.end();
}

const LEAVING = ['end', 'end', 'destroy', 'resetAndDestroy'];

/** Connects, speaks a little, and goes in one of the ways there are. */
async function churn(options) {
  const { random, tally } = options;
  while (!tally.stopped()) {
    const conversation = new Conversation(options);
    if (await conversation.opened) {
      const messages = Math.floor(random() * 4);
      for (let i = 0; i < messages; i++) {
        conversation.write(messageBytes(random));
        if (random() < 0.7) await conversation.answered();
      }
    }
    const how = LEAVING[Math.floor(random() * LEAVING.length)];
    await (how === 'end' ? conversation.end() : conversation.leave(how));
    await pause(CHURN_PAUSE_MS);
  }
}

/** Sends a lot, reads nothing for a while, then everything. */
async function readSlowly(options) {
  const { random, tally } = options;
  while (!tally.stopped()) {
    const conversation = new Conversation(options);
    await conversation.opened;
    conversation.socket.pause();
    for (let sent = 0; sent < SLOW_BYTES; sent += SLOW_PIECE_BYTES) conversation.write(SLOW_PIECE_BYTES);
    await pause(1500 * random());
    conversation.socket.resume();
    await conversation.answered();
    await conversation.end();
  }
}

async function drip(options) {
  const { tally } = options;
  while (!tally.stopped()) {
    const conversation = new Conversation(options);
    await conversation.opened;
    conversation.socket.setNoDelay(true);
    for (let i = 0; i < DRIPS && !conversation.socket.destroyed; i++) {
      conversation.write(1);
      await turn();
    }
    await conversation.answered();
    await conversation.end();
    await pause(CHURN_PAUSE_MS);
  }
}

async function flood(options) {
  const { tally } = options;
  while (!tally.stopped()) {
    await Promise.all(
      Array.from({ length: FLOOD_CONNECTIONS }, async () => {
        const conversation = new Conversation(options);
        if (await conversation.opened) conversation.write(1_000);
        await conversation.leave('resetAndDestroy');
      }),
    );
    await pause(FLOOD_PAUSE_MS);
  }
}

/** @param {{actor: Function, count: number}[]} cast */
function start(cast, { seed, ...options }) {
  let each = seed;
  return cast.flatMap(({ actor, count, ...own }) =>
    Array.from({ length: count }, () => actor({ ...options, ...own, random: numbers(each++) })),
  );
}

module.exports = { talk, churn, readSlowly, drip, flood, start };
