// What scripts write into a page of docs, with its date and machine.
import fs from 'node:fs';
import { describeMachine, machineLine } from '../../benchmarks/lib/machine.mjs';

/** The page in three parts: before the section, the section with its markers, after it. */
function cut(page, name) {
  const text = fs.readFileSync(page, 'utf8');
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`${page} has no section ${name}`);
  const [inside, rest] = [text.slice(from + begin.length, to), text.slice(to)];
  return { before: text.slice(0, from + begin.length), inside, rest };
}

/** What stands in `page` between the markers of `name`. */
export const sectionOf = (page, name) => cut(page, name).inside;

export const today = () => new Date().toISOString().slice(0, 10);

/** Replaces what stands in `page` between the markers of `name`. */
export function writeSection(page, name, lines) {
  const { before, rest } = cut(page, name);
  const head = [`${today()}; ${machineLine(describeMachine())}.`, ''];
  fs.writeFileSync(page, `${before}\n\n${[...head, ...lines].join('\n')}\n\n${rest}`);
}

/** Writes a row of the table of a section, in the place of the one with the same first column. */
export function writeRow(page, name, columns) {
  const { before, inside, rest } = cut(page, name);
  const lines = inside.trim().split('\n');
  const row = `| ${columns.join(' | ')} |`;
  const at = lines.findIndex((line) => line.startsWith(`| ${columns[0]} |`));
  if (at < 0) lines.push(row);
  else lines[at] = row;
  fs.writeFileSync(page, `${before}\n\n${lines.join('\n')}\n\n${rest}`);
}

export const grouped = (value) => Number(value).toLocaleString('en');
