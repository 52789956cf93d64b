'use strict';

// The simulated kernel under the package (addon/sim), where scripts/test-simulated-contract.mjs has put it:
//
//   IOCP_NET_SIMULATION={"seed":1,"faults":"unnoticed"}
//
// Each spec starts the kernel anew from the seed and its own title, so that one alone meets what it met among all.

const fs = require('node:fs');
const { createHash } = require('node:crypto');
const { performance } = require('node:perf_hooks');

const settings = JSON.parse(process.env.IOCP_NET_SIMULATION ?? 'null');

/** What a kernel may do that nobody may notice: chances of 65536, sizes and times. */
const FAULTS = {
  none: {},
  unnoticed: {
    late: 8_000,
    pieces: false,
    lateEvents: 8_000,
    spuriousEvents: 4_000,
    reorderedEvents: true,
    busyUs: 200,
  },
};

// How much work fits into a turn of the loop comes from the seed, too: the package's clock, which it takes as it loads.
const { now } = performance;
let busyMs = 0;
let clockMs = 0;
let clockState = 0;
function simulatedNow() {
  if (busyMs === 0) return now.call(performance);
  clockState = (Math.imul(clockState, 1_664_525) + 1_013_904_223) >>> 0;
  clockMs += (busyMs * clockState) / 2 ** 32;
  return clockMs;
}

function loadClock() {
  performance.now = simulatedNow;
  require('../../dist/port/clock.js');
  performance.now = now;
}

let control;
if (settings !== null) {
  loadClock();
  control = require(process.env.IOCP_NET_ADDON).simulation;
}

const seedOf = (title) => createHash('sha256').update(`${settings.seed} ${title}`).digest().readUIntBE(0, 6);

/** Starts the kernel anew for a spec, from a seed of its own or from its title. */
function begin(name, faults = FAULTS[settings?.faults ?? 'none']) {
  if (control === undefined) return;
  const seed = typeof name === 'number' ? name : seedOf(name);
  busyMs = (faults.busyUs ?? 0) / 1_000;
  clockState = seed >>> 0;
  control.begin(seed, faults);
}

// In a process of its own, too, which a spec has started.
begin('start');

/** Hands over what has been played, with what the kernel has counted, to the runner that has named a file. */
function reportFigures(played) {
  if (settings?.figures === undefined) return;
  const { connections, bytes, faults } = control.state();
  const { seed } = settings;
  fs.appendFileSync(settings.figures, `${JSON.stringify({ seed, ...played, connections, bytes, faults })}\n`);
}

module.exports = {
  simulated: settings !== null,
  settings,
  late: settings?.faults === 'unnoticed',
  begin,
  state: () => control?.state(),
  reportFigures,
};
