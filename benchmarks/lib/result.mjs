// The result file: every sample, and what one must know to judge it.
import fs from 'node:fs';
import path from 'node:path';

/** 2: long-lived processes and visits. 1, fresh processes for each sample, can still be read. */
export const FORMAT = 2;

/** @param {object} run  cells, leftOut, transports, extent, settings, version, machine */
export function newResult({ cells, leftOut, transports, extent, settings, version, machine }) {
  const { durations, pinning, budgetMs, roundsMax, visitRounds } = settings;
  return {
    format: FORMAT,
    version,
    date: new Date().toISOString(),
    extent,
    status: 'interrupted',
    machine,
    settings: {
      durations,
      pinned: pinning !== undefined,
      budgetMinutes: budgetMs / 60_000,
      roundsMax,
      visitRounds,
    },
    transports: transports.map(({ name }) => ({ name })),
    engines: {},
    leftOut,
    cells: cells.map((cell) => ({
      ...cell,
      rounds: 0,
      visits: 0,
      warmUps: {},
      samples: {},
      curves: {},
      failed: {},
    })),
  };
}

export function readResult(file) {
  const result = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (!(result.format >= 1 && result.format <= FORMAT))
    throw new Error(`${file}: not a result of this version of the suite`);
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
export function resumeResult(file, { transports, machine }) {
  const result = readResult(file);
  if (result.format !== FORMAT) throw new Error(`${file} was measured in another way`);
  if (result.machine.node !== machine.node) throw new Error(`${file} is of Node ${result.machine.node}`);
  const names = transports.map(({ name }) => name).join();
  if (result.transports.map(({ name }) => name).join() !== names) {
    throw new Error(`${file} compares other transports: ${result.transports.map(({ name }) => name).join()}`);
  }
  for (const cell of result.cells) cell.failed = {}; // what failed then may work now
  return result;
}
