// The result file: every sample, and what one must know to judge it.
import fs from 'node:fs';
import path from 'node:path';
import { describeMachine } from './machine.mjs';

export const FORMAT = 1;

/** @param {object} run  cells, transports, extent, settings, version */
export function newResult({ cells, transports, extent, settings, version }) {
  const { durations, pinning, budgetMs, roundsMax } = settings;
  return {
    format: FORMAT,
    version,
    date: new Date().toISOString(),
    extent,
    status: 'interrupted',
    machine: describeMachine(),
    settings: { durations, pinned: pinning !== undefined, budgetMinutes: budgetMs / 60_000, roundsMax },
    transports: transports.map(({ name }) => ({ name })),
    engines: {},
    cells: cells.map((cell) => ({ ...cell, rounds: 0, samples: {}, curves: {}, failed: {} })),
  };
}

export function readResult(file) {
  const result = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (result.format !== FORMAT) throw new Error(`${file}: not a result of this version of the suite`);
  return result;
}

/** What is there is there whole, also when the process ends meanwhile. */
export function writeWhole(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const partial = `${file}.partial`;
  fs.writeFileSync(partial, text);
  fs.renameSync(partial, file);
}

const SIGNIFICANT_DIGITS = 6;

/** Six digits are more than any of these figures has. */
export function writeResult(file, result) {
  const round = (_key, value) =>
    typeof value === 'number' && !Number.isInteger(value)
      ? Number(value.toPrecision(SIGNIFICANT_DIGITS))
      : value;
  writeWhole(file, `${JSON.stringify(result, round)}\n`);
}

/** A result that was interrupted goes on with the same cells and transports. */
export function resumeResult(file, transports) {
  const result = readResult(file);
  const names = transports.map(({ name }) => name).join();
  if (result.transports.map(({ name }) => name).join() !== names) {
    throw new Error(`${file} compares other transports: ${result.transports.map(({ name }) => name).join()}`);
  }
  for (const cell of result.cells) cell.failed = {}; // what failed then may work now
  return result;
}
