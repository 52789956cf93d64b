// What scripts write into a page of docs, with its date and machine.
import fs from 'node:fs';
import { describeMachine, machineLine } from '../../benchmarks/lib/machine.mjs';

/** Replaces what stands in `page` between the markers of `name`. */
export function writeSection(page, name, lines) {
  const text = fs.readFileSync(page, 'utf8');
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${page} has no section ${name}`);
  const date = new Date().toISOString().slice(0, 10);
  const head = [`${date}; ${machineLine(describeMachine())}.`, ''];
  fs.writeFileSync(page, `${before}${begin}\n\n${[...head, ...lines].join('\n')}\n\n${end}${after}`);
}

export const grouped = (value) => Number(value).toLocaleString('en');
