'use strict';

// What the two ends of a connection do. Each order of events that a trace has is one that the ends bring about themselves:
// one waits for what the other has done.

const { setTimeout: pause } = require('node:timers/promises');

const PAUSE_EVERY_BYTES = 30_000;
const PAUSE_MS = 5;
const IDLE_MS = 100;
const GREETING_BYTES = 1_000;
const TURN_BYTES = [1, 64, 1_000, 4_000];

/** So much of the stream of the one that leaves in the middle is compared, and what the one that is left has sent. */
const MIDWAY_BYTES = 40_000;

const turnBytes = (turn) => TURN_BYTES[turn % TURN_BYTES.length];
const bytesOfTurns = (turns) => Array.from({ length: turns }, (_, n) => turnBytes(n)).reduce((a, b) => a + b);

/**
 * client, server: what an end does. options: of its socket. End: more for the constructor of class End.
 * receives: whose bytes each end receives, and how many.
 * @typedef {{bytes: number, turns: number}} Amounts
 */
const CONVERSATIONS = {
  'both ways at once': {
    server: {
      options: { allowHalfOpen: true },
      async run(end, { bytes }) {
        await Promise.all([end.send(bytes), end.has('end')]);
        end.socket.end();
      },
    },
    client: {
      async run(end, { bytes }) {
        await end.send(bytes);
        end.socket.end();
      },
    },
    receives: ({ bytes }) => ({ client: ['server', bytes], server: ['client', bytes] }),
  },

  'answered after the end': {
    server: {
      options: { allowHalfOpen: true },
      async run(end, { bytes }) {
        await end.has('end');
        await end.send(bytes);
        end.socket.end();
      },
    },
    client: {
      async run(end, { bytes }) {
        await end.send(bytes);
        end.socket.end();
      },
    },
    receives: ({ bytes }) => ({ client: ['server', bytes], server: ['client', bytes] }),
  },

  'a reader that pauses': {
    server: {
      async run(end, { bytes }) {
        await end.send(bytes);
        end.socket.end();
      },
    },
    client: {
      async run(end, { bytes }) {
        for (let next = PAUSE_EVERY_BYTES; next < bytes; next += PAUSE_EVERY_BYTES) {
          await end.hasReceived(next);
          end.socket.pause();
          await pause(PAUSE_MS);
          end.socket.resume();
        }
      },
    },
    receives: ({ bytes }) => ({ client: ['server', bytes], server: ['client', 0] }),
  },

  'piped back': {
    server: {
      options: { allowHalfOpen: true },
      async run(end) {
        end.socket.pipe(end.socket);
      },
    },
    client: {
      async run(end, { bytes }) {
        await end.send(bytes);
        end.socket.end();
      },
    },
    receives: ({ bytes }) => ({ client: ['client', bytes], server: ['client', bytes] }),
  },

  'in turns': {
    server: {
      async run(end, { turns }) {
        for (let turn = 0, bytes = 0; turn < turns; turn++) {
          bytes += turnBytes(turn);
          await end.hasReceived(bytes);
          end.say(turnBytes(turn));
        }
      },
    },
    client: {
      async run(end, { turns }) {
        for (let turn = 0, bytes = 0; turn < turns; turn++) {
          end.say(turnBytes(turn));
          bytes += turnBytes(turn);
          await end.hasReceived(bytes);
        }
        end.socket.end();
      },
    },
    receives: ({ turns }) => ({
      client: ['server', bytesOfTurns(turns)],
      server: ['client', bytesOfTurns(turns)],
    }),
  },

  'an idle peer': {
    server: {
      async run(end) {
        await end.hasReceived(GREETING_BYTES);
        end.socket.setTimeout(IDLE_MS);
        await end.has('timeout');
        end.socket.setTimeout(0);
        end.socket.end();
      },
    },
    client: {
      async run(end) {
        end.say(GREETING_BYTES);
      },
    },
    receives: () => ({ client: ['server', 0], server: ['client', GREETING_BYTES] }),
  },

  'a peer that never speaks': {
    server: {
      async run() {},
    },
    client: {
      async run(end) {
        await end.has('connect');
        end.socket.setTimeout(IDLE_MS);
        await end.has('timeout');
        end.socket.destroy();
      },
    },
    receives: () => ({ client: ['server', 0], server: ['client', 0] }),
  },

  'reset midway': {
    server: {
      end: { comparedBytes: MIDWAY_BYTES },
      async run(end) {
        await end.send(MIDWAY_BYTES);
        await end.hasReceived(MIDWAY_BYTES);
        end.socket.resetAndDestroy();
      },
    },
    client: {
      end: { endless: true },
      // It has everything before it sends what the other end waits for: a reset takes along what is under way.
      async run(end) {
        await end.hasReceived(MIDWAY_BYTES);
        while (!end.socket.destroyed) await end.send(MIDWAY_BYTES);
      },
    },
    receives: () => ({ client: ['server', MIDWAY_BYTES], server: ['client', MIDWAY_BYTES] }),
  },

  'destroyed midway': {
    server: {
      options: { allowHalfOpen: true },
      end: { endless: true, mayBeCut: true },
      async run(end) {
        await end.hasReceived(GREETING_BYTES); // before the client's leaving can take them along
        while (!end.socket.destroyed) await end.send(MIDWAY_BYTES);
      },
    },
    client: {
      end: { comparedBytes: MIDWAY_BYTES },
      async run(end) {
        await end.send(GREETING_BYTES);
        await end.hasReceived(MIDWAY_BYTES);
        end.socket.destroy();
      },
    },
    receives: () => ({ client: ['server', MIDWAY_BYTES], server: ['client', GREETING_BYTES] }),
  },

  'nobody listens': {
    client: {
      async run() {},
    },
    receives: () => ({ client: ['server', 0] }),
  },
};

module.exports = { CONVERSATIONS };
