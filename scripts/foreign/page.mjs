// docs/foreign-suites.md: the newest results of every suite, and the listed differences with their reasons.
import fs from 'node:fs';
import { describeMachine, machineLine } from '../../benchmarks/lib/machine.mjs';

const INTRODUCTION = `# Other projects' tests

Their own suites, run plainly and with the preload, compared test by test: \`npm run test:foreign\`, which wrote this
page. A test is *lost* if it passes plainly and never over the preload; its file was repeated on both sides. *Unsteady* tests
pass now and then, on a busy machine; "–" says that a run did not count that. Nothing of these projects is part of this repository.
`;

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}

function resultRow(result) {
  const { suite, version, node, date, files, plain, failed, preload, defects, known, unsteady, carried } =
    result;
  const lost = [...defects, ...known].filter(({ kind }) => kind === 'lost').length;
  const gained = [...defects, ...known].filter(({ kind }) => kind === 'gained').length;
  const numbers = [
    files,
    plain,
    failed ?? '–',
    preload,
    lost,
    gained,
    known.length,
    unsteady.length,
    carried,
  ];
  return row([`${suite} ${version}`, node, date, ...numbers]);
}

/** Cells are cut at a bar, and a test may be called anything. */
function escaped(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** @param {object[]} results  of runSuite, with version, node and date */
export function writePage(file, results, known) {
  const ran = results.filter(({ skipped, error }) => skipped === undefined && error === undefined);
  const heads = [
    'Suite',
    'Node',
    'Date',
    'Files',
    'Plain',
    'Fail plainly',
    'Preload',
    'Lost',
    'Gained',
    'Listed',
    'Unsteady',
  ];
  const lines = [
    INTRODUCTION,
    `${machineLine(describeMachine())}; the suites' own Node is in the table.`,
    '',
    row([...heads, 'Connections']),
    row(['---', '---', '---', ...heads.slice(2).map(() => '---:')]),
    ...ran.map(resultRow),
    '',
    '## Listed differences',
    '',
  ];
  if (known.length === 0) lines.push('None.');
  else {
    lines.push(row(['Suite', 'File', 'Test', 'Reason']), row(['---', '---', '---', '---']));
    for (const one of known) lines.push(row([one.suite, one.file, one.test, one.reason].map(escaped)));
  }
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
}
