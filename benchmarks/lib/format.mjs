// Figures for people.
import { ROUNDS_MIN } from './statistics.mjs';

/** Three figures at most, never an exponent. */
export function figure(value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  const magnitude = Math.abs(value);
  if (magnitude >= 1_000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2);
}

export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let at = 0;
  let scaled = value;
  for (; Math.abs(scaled) >= 1024 && at < units.length - 1; at++) scaled /= 1024;
  return `${figure(scaled)} ${units[at]}`;
}

/** "1.52× (1.47–1.58)", "no difference (0.97–1.04)", "undecided (0.68–1.75)". */
export function ratio(one) {
  if (one === undefined) return '–';
  if (one.verdict === 'too few rounds')
    return `${one.ratio.toFixed(2)}× (${one.rounds} of ${ROUNDS_MIN} rounds: no claim)`;
  const range = `${one.low.toFixed(2)}–${one.high.toFixed(2)}`;
  const equal = one.verdict === 'no difference' || one.verdict === 'undecided';
  return equal ? `${one.verdict} (${range})` : `${one.ratio.toFixed(2)}× (${range})`;
}

const MILLISECONDS_FROM_US = 10_000;

/** The cell's own figure: CPU time, or memory, for each unit. */
export function primary(cell, value) {
  if (cell.kind === 'memory') return bytes(value);
  return value >= MILLISECONDS_FROM_US ? `${figure(value / 1_000)} ms` : `${figure(value)} µs`;
}

export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}
