// Compares two results.
import { primaryFigure } from './cells.mjs';
import { unpairedRatio } from './statistics.mjs';
import { pairedFigures } from './summary.mjs';
import { baseOf } from './transports.mjs';

const namesOf = (result) => result.transports.map(({ name }) => name);

/** Logarithms of a transport's figures; with a base, of their ratios to it, round by round. */
function logarithms(cell, base, name) {
  if (base === undefined) {
    const values = (cell.samples[name] ?? []).map((sample) => sample[primaryFigure(cell)]);
    return values.filter((value) => value > 0).map(Math.log);
  }
  const paired = pairedFigures(cell, base, name, primaryFigure(cell));
  return paired.other.map((value, i) => Math.log(value / paired.base[i]));
}

/** @returns {{transport: string, relative?: string, id: string, group: string, title: string, ratio: object}[]} */
export function compareResults(a, b) {
  const names = namesOf(a).filter((name) => namesOf(b).includes(name));
  const cellsOfB = new Map(b.cells.map((cell) => [cell.id, cell]));
  const comparisons = [];
  for (const transport of names) {
    const relative = baseOf(transport, names);
    for (const cell of a.cells) {
      const other = cellsOfB.get(cell.id);
      if (other === undefined) continue;
      const [before, after] = [cell, other].map((one) => logarithms(one, relative, transport));
      if (before.length === 0 || after.length === 0) continue;
      const { id, group, title } = cell;
      comparisons.push({ transport, relative, id, group, title, ratio: unpairedRatio(before, after) });
    }
  }
  return comparisons;
}
