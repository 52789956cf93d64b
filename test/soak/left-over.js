'use strict';

// What a process still has when everything is said to be over.

const fs = require('node:fs');
const v8 = require('node:v8');
const vm = require('node:vm');
const { setTimeout: pause } = require('node:timers/promises');

const SETTLE_MS = 20;
const SETTLE_LIMIT_MS = 20_000;

v8.setFlagsFromString('--expose-gc'); // a worker takes no such flag
const collect = vm.runInNewContext('gc');

function descriptors() {
  return process.platform === 'linux' ? fs.readdirSync('/proc/self/fd').length : 0;
}

/** Waits until no more than `expected` endpoints are open; a count that stays above is what is left. */
async function leftOver(engine, expected) {
  const deadline = Date.now() + SETTLE_LIMIT_MS;
  while (engine.counters.openEndpoints > expected && Date.now() < deadline) await pause(SETTLE_MS);
  for (let i = 0; i < 3; i++) {
    collect();
    await pause(SETTLE_MS);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { endpoints: engine.counters.openEndpoints - expected, descriptors: descriptors(), rss, heapUsed };
}

module.exports = { leftOver };
