'use strict';

// One suite for two implementations.
//
//   contract('title', ({ net, it }) => { it('...', async () => {}) })
//     runs the specs once on node:net and once on this package.
//   differential('title', ({ same }) => { same('...', async (net, trace) => { ... return trace }) })
//     runs a scenario on both and requires equal results. When one half is left out by choice the other half runs
//     twice, which at least shows that the scenario gives the same result every time.
//
// A spec that leaves a socket or server open fails. The package's half fails when no native engine did the work.

const assert = require('node:assert/strict');
const { isDeepStrictEqual } = require('node:util');
const { transports, package_, choice, assertNativeEngine, counters } = require('./transports.js');
const { simulated } = require('./simulation.js');
const { census, settled, forgetAll, closeAll } = require('./leaks.js');
const { Trace, plain } = require('./trace.js');

const SPEC_GUARD_MS = 60_000;
const CLEAR_GUARD_MS = 2_000;
const ORACLE_RUNS = 4;
const CANDIDATE_RUNS = 3;

/** Runs one spec or scenario; fails when it leaves something open. What a failed one leaves is cleared away. */
async function leakChecked(who, run) {
  forgetAll();
  const before = census();
  let left = '';
  try {
    const result = await run();
    left = await settled(before);
    if (left !== '') throw new Error(`${who} left open: ${left}`);
    return result;
  } catch (error) {
    await clearAway(before);
    throw error;
  }
}

async function clearAway(before) {
  closeAll();
  await settled(before, CLEAR_GUARD_MS);
}

/** After an uncaught exception mocha goes on without waiting for the spec that failed. */
function clearAfterFailures() {
  let before;
  beforeEach(() => {
    before = census();
  });
  afterEach(async function () {
    if (this.currentTest.state === 'failed') await clearAway(before);
  });
}

function ourEngineDidIt(traffic) {
  let start;
  before(() => {
    assertNativeEngine();
    start = counters();
  });
  after(() => {
    assertNativeEngine();
    if (!traffic) return;
    const now = counters();
    for (const key of ['completions', 'nativeCalls', 'batches']) {
      assert.ok(now[key] > start[key], `the engine counted no ${key}: these specs ran elsewhere`);
    }
  });
}

/**
 * @param {string} title
 * @param {(context: {net, it, ours: boolean, transport}) => void} define
 * @param {{traffic?: boolean, heavy?: boolean}} [options] traffic: false when the specs open no connection; heavy: node:net
 *   shows on Linux alone that the specs are right, since under Wine that takes minutes
 */
function contract(title, define, { traffic = true, heavy = false } = {}) {
  describe(title, function () {
    this.timeout(SPEC_GUARD_MS);
    const once = (simulated || (heavy && process.platform === 'win32')) && choice === 'both';
    for (const transport of once ? transports.filter(({ ours }) => ours) : transports) {
      describe(transport.name, function () {
        // Under Wine node:net itself now and then loses the end of a connection; that is not what is tested here.
        if (!transport.ours && process.platform === 'win32') this.retries(3);
        if (transport.error !== null) {
          it('loads', () => {
            throw transport.error;
          });
          return;
        }
        clearAfterFailures();
        if (transport.ours) ourEngineDidIt(traffic);
        const spec = (name, fn) => {
          it(name, function () {
            return leakChecked(transport.name, () => fn.call(this));
          });
        };
        define({ net: transport.net, it: spec, ours: transport.ours, transport });
      });
    }
  });
}

/** What one run of a scenario gives: what it returns, else its trace, as plain data. */
async function outcome(transport, scenario) {
  const trace = new Trace();
  const result = await leakChecked(transport.name, () => scenario(transport.net, trace, transport));
  return plain(result ?? trace);
}

function differential(title, define, { traffic = true } = {}) {
  describe(title, function () {
    this.timeout(2 * SPEC_GUARD_MS);
    const broken = transports.find(({ error }) => error !== null);
    const halves = transports.length === 2 ? transports : [transports[0], transports[0]];
    describe(halves.map(({ name }) => name).join(' = '), () => {
      if (!broken) {
        clearAfterFailures();
        if (choice !== 'node') ourEngineDidIt(traffic);
      }
      const same = (name, scenario) => {
        it(name, async () => {
          if (broken) throw broken.error;
          const [oracle, candidate] = halves;
          const expected = await outcome(oracle, scenario);
          let actual = await outcome(candidate, scenario);
          const empty = expected === undefined || expected === null || Object.keys(expected).length === 0;
          assert.equal(empty, false, 'the scenario returned nothing to compare');
          // Where node:net gives now one result, now another, each of them is right.
          for (let i = 0; i < ORACLE_RUNS && !isDeepStrictEqual(actual, expected); i++) {
            if (isDeepStrictEqual(actual, await outcome(oracle, scenario))) return;
          }
          // As the fuzzer: where a busy machine cuts a turn short, or packets take their time under Wine, a close of one
          // end may come after the other end's. A difference counts when it comes back.
          for (let i = 1; i < CANDIDATE_RUNS && !isDeepStrictEqual(actual, expected); i++) {
            console.log(`      differed from node:net, run ${i}: ${name}`);
            actual = await outcome(candidate, scenario);
          }
          assert.deepEqual(actual, expected);
        });
      };
      define({ same });
    });
  });
}

module.exports = { contract, differential, Trace, plain, package_, SPEC_GUARD_MS };
