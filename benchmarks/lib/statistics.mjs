// Ratios with confidence intervals.
//
// A sample is one round of warm processes. Ratios are formed within a round, so that what slows the machine down for a
// while slows both sides.
//
// Paired rounds: the interval comes from the means of all subsets of the rounds (Hartigan, "Using Subsample Values as
// Typical Values", 1969). If equals were compared, each round's logarithm would be as likely positive as negative, and
// the truth would lie between any two neighbours among these means with the same probability, 2^-n. No distribution has
// to be assumed, and few rounds do not make it too sure, as they do a bootstrap: five outlier-ridden rounds of equals
// differed by the bootstrap's 95 % interval 9 times in 100. The price is that fewer than six rounds allow no claim.
//
// Two separate runs: a percentile bootstrap of the difference of the means, widened for few rounds as Hesterberg proposes
// ("What Teachers Should Know About the Bootstrap", 2015).

export const ROUNDS_MIN = 6;
const CONFIDENCE = 0.95;
const RESAMPLES = 10_000;
/** All subsets up to this many rounds, beyond that as many random ones. */
const ROUNDS_OF_ALL_SUBSETS = 14;
const SEED = 20_240_229;

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Linear between the two nearest, as R's type 7. */
export function quantile(values, at) {
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * at;
  const low = Math.floor(position);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (position - low);
}

export const median = (values) => quantile(values, 0.5);

/** Between 0 (inclusive) and 1; the same sequence each time, so that a result file always reads the same. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The standard normal distribution (Abramowitz and Stegun 26.2.17: error below 1e-7). */
export function normalCdf(z) {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return z < 0 ? tail : 1 - tail;
}

/** Student's t at 97.5 %, by degrees of freedom. */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

function studentT(degrees) {
  if (degrees < 1) return T_975[0];
  const whole = Math.floor(degrees);
  // Beyond the table: the first term of the expansion towards the normal's 1.96.
  return T_975[whole - 1] ?? 1.96 + 2.37 / degrees;
}

/** The share of resamples beyond each end of the interval. */
function tailShare(count, degrees) {
  return normalCdf(-Math.sqrt(count / (count - 1)) * studentT(degrees));
}

function resampledMean(values, random) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[Math.floor(random() * values.length)];
  return sum / values.length;
}

function interval(resample, tail, resamples) {
  const means = Float64Array.from({ length: resamples }, resample).sort();
  return [quantileSorted(means, tail), quantileSorted(means, 1 - tail)];
}

function quantileSorted(sorted, at) {
  const position = (sorted.length - 1) * at;
  const low = Math.floor(position);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (position - low);
}

/** The means of all non-empty subsets. */
function allSubsetMeans(values) {
  const sums = new Float64Array(2 ** values.length);
  const counts = new Uint8Array(2 ** values.length);
  for (let subset = 1; subset < sums.length; subset++) {
    const rest = subset & (subset - 1);
    sums[subset] = sums[rest] + values[31 - Math.clz32(subset ^ rest)];
    counts[subset] = counts[rest] + 1;
  }
  return sums.map((sum, subset) => sum / counts[subset]).subarray(1);
}

function randomSubsetMean(values, random) {
  for (;;) {
    let sum = 0;
    let count = 0;
    for (const value of values) {
      if (random() < 0.5) continue;
      sum += value;
      count++;
    }
    if (count > 0) return sum / count;
  }
}

function subsetMeans(values) {
  if (values.length <= ROUNDS_OF_ALL_SUBSETS) return allSubsetMeans(values);
  const random = generator(SEED);
  return Float64Array.from({ length: 2 ** ROUNDS_OF_ALL_SUBSETS - 1 }, () =>
    randomSubsetMean(values, random),
  );
}

/** The interval of the centre of paired differences (here: of logarithms). */
function pairedInterval(differences) {
  const means = subsetMeans(differences).sort();
  const beyond = Math.floor(((1 - CONFIDENCE) / 2) * (means.length + 1));
  return [means[beyond - 1], means[means.length - beyond]];
}

/** The interval of the difference of the means of two independent samples. */
function unpairedInterval(a, b, resamples) {
  const random = generator(SEED);
  const fewer = Math.min(a.length, b.length);
  // The degrees of freedom of the smaller one: right when the two vary differently, careful when they do not.
  const tail = tailShare(fewer, fewer - 1);
  return interval(() => resampledMean(a, random) - resampledMean(b, random), tail, resamples);
}

/** Beyond this an interval says too little to be published: its ends are more than 10 % from the middle. */
const PUBLISHED_SHARE = 0.1;

/** Whether the interval of a ratio is narrow enough to be published. */
export function isPublishable({ low, high }) {
  return low !== undefined && Math.log(high / low) / 2 <= Math.log(1 + PUBLISHED_SHARE);
}

/** The same ratio with an interval that is wider by `factor` on either side, and what is left of the verdict. */
export function widened({ ratio, low, high, rounds }, factor) {
  const interval = [Math.log(low / factor), Math.log(high * factor)];
  return { ...judge(Math.log(ratio), rounds, interval), widenedBy: factor };
}

function judge(estimate, rounds, [low, high]) {
  const verdict = low > 0 ? 'better' : high < 0 ? 'worse' : 'no difference';
  return { ratio: Math.exp(estimate), low: Math.exp(low), high: Math.exp(high), rounds, verdict };
}

const tooFew = (estimate, rounds) => ({ ratio: Math.exp(estimate), rounds, verdict: 'too few rounds' });

/**
 * How many times less the second needs than the first; of figures of which less is better, round by round.
 * @param {number[]} base
 * @param {number[]} other
 * @returns {{ratio: number, low?: number, high?: number, rounds: number,
 *            verdict: 'better' | 'worse' | 'no difference' | 'too few rounds'}}
 */
export function pairedRatio(base, other) {
  if (base.length !== other.length) throw new TypeError('paired samples have the same length');
  const differences = base.map((value, i) => Math.log(value / other[i]));
  const estimate = mean(differences);
  if (differences.length < ROUNDS_MIN) return tooFew(estimate, differences.length);
  return judge(estimate, differences.length, pairedInterval(differences));
}

/** The same for logarithms of two runs that have nothing to do with each other. */
export function unpairedRatio(baseLogs, otherLogs, resamples = RESAMPLES) {
  const estimate = mean(baseLogs) - mean(otherLogs);
  const rounds = Math.min(baseLogs.length, otherLogs.length);
  if (rounds < ROUNDS_MIN) return tooFew(estimate, rounds);
  return judge(estimate, rounds, unpairedInterval(baseLogs, otherLogs, resamples));
}

export const confidencePercent = CONFIDENCE * 100;
