// Latencies: percentiles by HdrHistogram, which Node carries as perf_hooks.createHistogram().
import { createHistogram } from 'node:perf_hooks';

const SIGNIFICANT_FIGURES = 3;
const HIGHEST_NS = 3_600_000_000_000;
const PERCENTILES = { p50: 50, p90: 90, p99: 99, p999: 99.9 };
const CURVE_BUCKETS_PER_DOUBLING = 32;

/** @param {Iterable<[number, number]>} pairs nanoseconds and how often */
export function histogramOf(pairs) {
  const histogram = createHistogram({ lowest: 1, highest: HIGHEST_NS, figures: SIGNIFICANT_FIGURES });
  for (const [nanoseconds, count] of pairs) {
    const value = Math.max(1, nanoseconds);
    for (let i = 0; i < count; i++) histogram.record(value);
  }
  return histogram;
}

/** @returns {Record<'p50Us' | 'p90Us' | 'p99Us' | 'p999Us' | 'maxUs', number>} */
export function latencyFigures(pairs) {
  const histogram = histogramOf(pairs);
  const figures = {};
  for (const [name, percentile] of Object.entries(PERCENTILES)) {
    figures[`${name}Us`] = histogram.percentile(percentile) / 1_000;
  }
  figures.maxUs = histogram.max / 1_000;
  return figures;
}

/** Adds a run's latencies to a coarse distribution [[us, count], ...], for a curve over all rounds. */
export function addToCurve(curve, pairs) {
  const counts = new Map(curve);
  for (const [nanoseconds, count] of pairs) {
    const step = Math.ceil(Math.log2(Math.max(1, nanoseconds)) * CURVE_BUCKETS_PER_DOUBLING);
    const us = Number((2 ** (step / CURVE_BUCKETS_PER_DOUBLING) / 1_000).toPrecision(4));
    counts.set(us, (counts.get(us) ?? 0) + count);
  }
  return [...counts].sort(([a], [b]) => a - b);
}
