'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const LIB = path.join(__dirname, '..', '..', 'benchmarks', 'lib');
const load = (name) => import(pathToFileURL(path.join(LIB, name)).href);

/** Normally distributed numbers, the same in each run. */
function normals(seed) {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / (2 ** 32 + 1);
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

describe('bench: statistics', () => {
  let statistics;

  before(async () => {
    statistics = await load('statistics.mjs');
  });

  it('has medians and quantiles that interpolate', () => {
    assert.equal(statistics.median([3, 1, 2]), 2);
    assert.equal(statistics.median([4, 1, 2, 3]), 2.5);
    assert.equal(statistics.quantile([0, 10], 0.25), 2.5);
  });

  it('knows the normal distribution', () => {
    assert.ok(Math.abs(statistics.normalCdf(0) - 0.5) < 1e-7);
    assert.ok(Math.abs(statistics.normalCdf(1.959964) - 0.975) < 1e-6);
    assert.ok(Math.abs(statistics.normalCdf(-1.959964) - 0.025) < 1e-6);
  });

  it('finds a ratio that is there, and says which side is better', () => {
    const base = [10, 10.4, 9.8, 10.1, 10.2, 9.9];
    const half = base.map((value, i) => (value / 2) * (1 + 0.01 * (i % 3)));
    const better = statistics.pairedRatio(base, half);
    assert.equal(better.verdict, 'better');
    assert.ok(better.ratio > 1.9 && better.ratio < 2.05, String(better.ratio));
    assert.ok(better.low <= better.ratio && better.ratio <= better.high);
    assert.equal(statistics.pairedRatio(half, base).verdict, 'worse');
  });

  it('pairs rounds: what slows both sides of a round does not widen the interval', () => {
    const slowdowns = [1, 3, 1.2, 5, 2, 1.1, 4];
    const base = slowdowns.map((factor) => 10 * factor);
    const other = slowdowns.map((factor, i) => 8 * factor * (1 + 0.002 * i));
    const { low, high, verdict } = statistics.pairedRatio(base, other);
    assert.equal(verdict, 'better');
    assert.ok(high / low < 1.02, `${low} to ${high}`);
  });

  it('makes no claim from too few rounds', () => {
    const { verdict, low } = statistics.pairedRatio([1, 1, 1, 1, 1], [2, 2, 2, 2, 2]);
    assert.equal(verdict, 'too few rounds');
    assert.equal(low, undefined);
  });

  it('refuses samples that are no pairs', () => {
    assert.throws(() => statistics.pairedRatio([1, 2], [1]), TypeError);
  });

  it('gives the same interval each time', () => {
    const base = Array.from({ length: 20 }, (_, i) => 1 + (i % 7) / 10);
    const other = Array.from({ length: 20 }, (_, i) => 1 + (i % 5) / 10);
    assert.deepEqual(statistics.pairedRatio(base, other), statistics.pairedRatio(base, other));
  });

  it('takes the subsets of the rounds for its interval', () => {
    // The means of the subsets of six rounds in order: the smallest and the largest round are the ends.
    const ends = [0.9, 1.3].map((value) => Math.round(value * 1e6));
    const { low, high } = statistics.pairedRatio(
      [1, 1, 1, 1, 1, 1].map((_, i) => [0.9, 1, 1.1, 1.2, 1.25, 1.3][i]),
      Array(6).fill(1),
    );
    assert.deepEqual(
      [low, high].map((value) => Math.round(value * 1e6)),
      ends,
    );
  });

  // The claim itself: the interval holds the truth in 95 of 100 experiments, also with few rounds, and whatever the
  // noise is like.
  const noises = {
    'even noise': (normal) => Math.exp(0.1 * normal()),
    'noise with outliers': (normal) => Math.exp(0.03 * normal() + (normal() > 0.7 ? 0.5 : 0)),
  };
  for (const [name, noise] of Object.entries(noises)) {
    for (const rounds of [6, 9, 12]) {
      it(`finds a difference between equals at most once in twenty experiments: ${rounds} rounds, ${name}`, () => {
        const normal = normals(rounds);
        const experiments = 600;
        let differences = 0;
        for (let i = 0; i < experiments; i++) {
          const sample = () => Array.from({ length: rounds }, () => noise(normal));
          if (statistics.pairedRatio(sample(), sample()).verdict !== 'no difference') differences++;
        }
        const share = differences / experiments;
        // Three standard errors above 5 %, and never so careful that nothing would be found.
        assert.ok(
          share > 0.005 && share < 0.077,
          `${(100 * share).toFixed(1)} % of equals were called different`,
        );
      });
    }
  }

  it('keeps to that for two runs that are not paired', () => {
    const normal = normals(7);
    const experiments = 600;
    let differences = 0;
    for (let i = 0; i < experiments; i++) {
      const sample = () => Array.from({ length: 6 }, () => 0.1 * normal());
      if (statistics.unpairedRatio(sample(), sample(), 1_000).verdict !== 'no difference') differences++;
    }
    const share = differences / experiments;
    assert.ok(share > 0.01 && share < 0.085, `${(100 * share).toFixed(1)} % of equals were called different`);
  });
});

describe('bench: latencies', () => {
  it('have the percentiles of HdrHistogram', async () => {
    const { latencyFigures } = await load('histogram.mjs');
    const figures = latencyFigures([
      [1_000, 98],
      [50_000, 1],
      [2_000_000, 1],
    ]);
    assert.equal(figures.p50Us, 1);
    assert.equal(figures.p90Us, 1);
    assert.ok(Math.abs(figures.p99Us - 50) < 0.1, String(figures.p99Us));
    assert.ok(Math.abs(figures.maxUs - 2_000) < 2, String(figures.maxUs));
  });

  it('lose no message in the curve', async () => {
    const { addToCurve } = await load('histogram.mjs');
    const pairs = Array.from({ length: 500 }, (_, i) => [1_000 + i * 977, i + 1]);
    const total = pairs.reduce((sum, [, count]) => sum + count, 0);
    const curve = addToCurve(addToCurve([], pairs), pairs);
    assert.equal(
      curve.reduce((sum, [, count]) => sum + count, 0),
      2 * total,
    );
    assert.ok(curve.length < pairs.length);
    assert.deepEqual(
      curve.map(([us]) => us),
      curve.map(([us]) => us).sort((a, b) => a - b),
    );
  });
});
