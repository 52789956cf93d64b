'use strict';
// Times a piece of work in batches; the median of the batches is the figure.
const BATCHES = 15;
const BATCH_NS = 40_000_000n;
const CALIBRATE_NS = 5_000_000n;

const quantile = (sorted, at) => sorted[Math.round((sorted.length - 1) * at)];

function summarize(batches) {
  const sorted = [...batches].sort((a, b) => a - b);
  return { ns: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/**
 * @param {(times: number) => number} work  does it so many times; returns how many units that were
 * @returns {{ns: number, low: number, high: number}} nanoseconds for one unit
 */
exports.measure = (work) => {
  let times = 1;
  for (;;) {
    const start = process.hrtime.bigint();
    work(times);
    if (process.hrtime.bigint() - start >= CALIBRATE_NS) break;
    times *= 2;
  }
  times *= Number(BATCH_NS / CALIBRATE_NS);
  const batches = Array.from({ length: BATCHES }, () => {
    const start = process.hrtime.bigint();
    const units = work(times);
    return Number(process.hrtime.bigint() - start) / units;
  });
  return summarize(batches);
};

/**
 * The same for work that waits for events.
 * @param {() => Promise<number>} work  returns the nanoseconds for one unit
 */
exports.measureAsync = async (work, batches = BATCHES) => {
  for (let i = 0; i < 3; i++) await work(); // compilers
  const results = [];
  for (let i = 0; i < batches; i++) results.push(await work());
  return summarize(results);
};
