// What scripts write into a page of docs, with its date and machine.
import fs from 'node:fs';
import { describeMachine, machineLine } from '../../benchmarks/lib/machine.mjs';

const marksOf = (name) => [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];

/** What stands in `page` between the markers of `name`. */
export function sectionOf(page, name) {
  const [begin, end] = marksOf(name);
  const section = fs.readFileSync(page, 'utf8').split(begin)[1]?.split(end);
  if (section?.length !== 2) throw new Error(`${page} has no section ${name}`);
  return section[0];
}

/** Replaces what stands there. */
export function writeSection(page, name, lines) {
  const [begin, end] = marksOf(name);
  const former = `${begin}${sectionOf(page, name)}${end}`;
  const date = new Date().toISOString().slice(0, 10);
  const head = [`${date}; ${machineLine(describeMachine())}.`, ''];
  const section = `${begin}\n\n${[...head, ...lines].join('\n')}\n\n${end}`;
  fs.writeFileSync(
    page,
    fs.readFileSync(page, 'utf8').replace(former, () => section),
  );
}

export const grouped = (value) => Number(value).toLocaleString('en');
