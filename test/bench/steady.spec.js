'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { resultWith } = require('./result-with.js');

const BENCHMARKS = path.join(__dirname, '..', '..', 'benchmarks');
const load = (...names) => import(pathToFileURL(path.join(BENCHMARKS, ...names)).href);

describe('bench: the steady state', () => {
  let steady;

  before(async () => {
    steady = await load('lib', 'steady.mjs');
  });

  it('is when the windows have stopped falling', () => {
    assert.equal(steady.isSteady([10, 10, 10], 2), false, 'too few windows to say');
    assert.equal(steady.isSteady([67, 40, 20, 15], 2), false);
    assert.equal(steady.isSteady([67, 40, 20, 15, 15.1, 14.9], 2), true);
    assert.equal(steady.isSteady([67, 15, 15, 14], 2), false, 'still a step of 7 %');
    assert.equal(steady.isSteady([15, 15, 90, 15], 2), true, 'a disturbed window is none that falls');
    assert.equal(steady.isSteady([15, 15, 90, 80], 2), true);
  });

  it('ends the warm-up, and not before', async () => {
    const falling = [60, 30, 20, 16, 15, 15, 15, 15, 15];
    let at = 0;
    const warm = await steady.warmUp({ window: async () => falling[at++], windowsMin: 2, windowsMax: 50 });
    assert.deepEqual(warm, { windows: 7, firstUs: 60, lastUs: 15, steady: true });
  });

  it('may never come: the warm-up says so and ends', async () => {
    let figure = 1e6;
    const window = async () => (figure /= 2);
    const warm = await steady.warmUp({ window, windowsMin: 2, windowsMax: 12 });
    assert.deepEqual([warm.windows, warm.steady], [12, false]);
  });

  it('is not judged by windows in which nothing came back', async () => {
    const figures = [undefined, undefined, 5, undefined, 5];
    const warm = await steady.warmUp({ window: async () => figures.shift(), windowsMin: 1, windowsMax: 50 });
    assert.deepEqual(warm, { windows: 5, firstUs: 5, lastUs: 5, steady: true });
  });

  it('is not waited for when the run is to end', async () => {
    let windows = 0;
    const window = async () => 1 / ++windows;
    const warm = await steady.warmUp({
      window,
      windowsMin: 2,
      windowsMax: 50,
      isStopped: () => windows === 3,
    });
    assert.deepEqual([warm.windows, warm.steady], [3, false]);
  });
});

describe('bench: the machine', () => {
  it("distinguishes stolen time and other processes from the suite's own", async () => {
    const { disturbance, parseProcessors } = await load('lib', 'watch.mjs');
    const before = parseProcessors('cpu  100 1 50 9000 7 2 3 4 0 0\ncpu0 1 2 3\n');
    assert.deepEqual(before, { busyUs: 1_560_000, stolenUs: 40_000 });
    const after = parseProcessors('cpu  160 1 80 9100 7 2 13 14 0 0\ncpu0 1 2 3\n');
    // One second, in which the suite worked 0.75 s of the 1 s that the processors did.
    assert.deepEqual(disturbance(before, after, 750_000, 1_000_000), {
      stolenShare: 0.1,
      foreignShare: 0.25,
    });
    assert.equal(disturbance(before, after, 1_200_000, 1_000_000).foreignShare, 0);
    assert.deepEqual(disturbance(undefined, undefined, 1, 1), {});
  });

  it('is said not to have been quiet when it was not', async () => {
    const { machineLoad, warnings } = await load('lib', 'summary.mjs');
    const result = resultWith(0.5);
    assert.equal(machineLoad(result), undefined, 'nothing was watched');
    const all = Object.values(result.cells[0].samples).flat();
    for (const one of all) Object.assign(one, { stolenShare: 0, foreignShare: 0.01 });
    assert.ok(!warnings(result).some((line) => /not quiet/.test(line)));
    for (const one of all) one.foreignShare = 0.5;
    assert.ok(warnings(result).some((line) => /not quiet.*Other processes took 50\.0 %/.test(line)));
    for (const one of all) Object.assign(one, { stolenShare: 0.2, foreignShare: 0 });
    assert.ok(warnings(result).some((line) => /not quiet.*hypervisor took away 20\.0 %/.test(line)));
  });
});
