'use strict';

// The clients: rounds of mixed traffic, and after each what was wrong and what is left.

const { engine } = require('iocp-net/engine');
const { leftOver } = require('./left-over.js');
const { start, talk, churn, readSlowly, drip, flood } = require('./actors.js');

const WRONG_SHOWN = 10;
const MESSAGES_PER_SECOND = 2_000;

function newTally() {
  const wrong = [];
  let stopped = false;
  return {
    opened: 0,
    closed: 0,
    lost: 0,
    bytes: 0,
    wrongs: 0,
    wrong(what) {
      if (this.wrongs++ < WRONG_SHOWN) wrong.push(what);
    },
    shown: wrong,
    stopped: () => stopped,
    stop() {
      stopped = true;
    },
  };
}

const { seed, connections, others } = JSON.parse(process.argv[2]);
let workerPort;
let round = 0;
let tally;
let acting = [];

const commands = {
  begin({ port }) {
    tally = newTally();
    round++;
    const thinkMs = (connections / MESSAGES_PER_SECOND) * 1000;
    const cast = [
      { actor: talk, count: connections, thinkMs },
      { actor: churn, count: others },
      { actor: readSlowly, count: others },
      { actor: drip, count: others },
      { actor: flood, count: 1 },
    ];
    const atWorker = [
      { actor: churn, count: others },
      { actor: readSlowly, count: others },
    ];
    acting = [
      ...start(cast, { portNow: () => port, tally, seed: seed + round * 1_000_000 }),
      ...start(atWorker, {
        portNow: () => workerPort,
        mayFail: true,
        tally,
        seed: seed + round * 1_000_000 + 500_000,
      }),
    ];
  },
  progress() {
    const { opened, closed, bytes, wrongs } = tally;
    process.send({ progress: { opened, closed, bytes, wrongs } });
  },
  async end() {
    tally.stop();
    await Promise.all(acting);
    acting = [];
    const { opened, closed, lost, bytes, wrongs, shown } = tally;
    process.send({ done: { opened, closed, lost, bytes, wrongs, shown, left: await leftOver(engine, 0) } });
  },
  quit() {
    process.disconnect();
  },
};

process.on('message', ({ command, ...rest }) => {
  if (rest.workerPort !== undefined) workerPort = rest.workerPort;
  commands[command]?.(rest);
});
