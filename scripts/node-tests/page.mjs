// docs/node-suites.md: a section for each Node, whose rows are replaced when their module is run again.
import fs from 'node:fs';
import { describeMachine, machineLine } from '../../benchmarks/lib/machine.mjs';

const INTRODUCTION = `# Node's own tests

The tests of Node's repository, each file run plainly and with the preload: \`npm run test:node\`, which wrote this page.

- *Counted*: it passes plainly, and does not need Node's internals (\`--expose-internals\`, \`internalBinding\`).
- *Fail plainly*: it belongs to another version of Node, or wants what the machine, or Wine, does not have. It does not
  count if it passes over the preload (*gained*).
- *Lost*: it passes plainly, and failed over the preload three times. *Unsteady*: it passes now and then, on a busy machine.
- *On the port*: test files in which the port carried a connection. Others refuse arguments, listen alone, or fail to connect.
  \`tls\`, \`https\` and \`http2\` stay with libuv ([ecosystem.md](ecosystem.md)), and have to do so unharmed.

Node's files are not part of this repository.
`;

const HEADS = [
  'Module',
  'Date',
  'Files',
  'Internals',
  'Skipped',
  'Fail plainly',
  'Counted',
  'Pass over the preload',
];
const MORE_HEADS = ['Lost', 'Listed', 'Unsteady', 'On the port'];
const KNOWN_HEADING = '## Listed differences';

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}

const TABLE_HEAD = [
  row([...HEADS, ...MORE_HEADS]),
  row([...HEADS, ...MORE_HEADS].map((_, index) => (index < 2 ? '---' : '---:'))),
];

/** Counted tests that fail in every try over the preload, for whatever reason. */
function passedOver({ plain, defects, known, unsteady }) {
  const failed = [...defects, ...known, ...unsteady].filter(
    (one) => one.plain[0] === 'pass' && !one.preload.includes('pass'),
  );
  return plain - failed.length;
}

function linesOf(result) {
  const { suite, date, files, internals, failed, plain, defects, known, unsteady, carrying } = result;
  const lost = [...defects, ...known].filter(({ kind }) => kind === 'lost');
  const numbers = [files + internals, internals, files - plain - failed, failed, plain, passedOver(result)];
  const more = [lost.length, known.length, unsteady.length, carrying];
  const notes = [
    ...defects.map(({ kind, file }) => `- ${suite}: ${kind}: ${file}`),
    ...unsteady.map(
      ({ file, plain: before, preload }) =>
        `- ${suite}: unsteady: ${file}: plainly ${before.join(', ')}; over the preload ${preload.join(', ')}`,
    ),
  ];
  return { module: suite, row: row([suite, date, ...numbers, ...more]), notes };
}

/** The modules of a section that was written earlier, if it says the same of Node, tests and machine. */
function readSection(text, head) {
  if (text === undefined || !text.startsWith(head)) return [];
  const lines = text.split('\n');
  const rows = lines.filter((line) => line.startsWith('| ') && !TABLE_HEAD.includes(line));
  return rows.map((line) => {
    const module = line.split(' | ')[0].slice(2);
    return { module, row: line, notes: lines.filter((one) => one.startsWith(`- ${module}: `)) };
  });
}

function knownLines(known) {
  if (known.length === 0) return ['None.'];
  const table = known.map(({ suite, node, file, reason }) =>
    row([suite, node?.join(', ') ?? 'all', file, reason.replaceAll('|', '\\|')]),
  );
  return [row(['Module', 'Node', 'File', 'Reason']), row(['---', '---', '---', '---']), ...table];
}

/**
 * The page with the new results in it.
 *
 * @param {string} before    the page as it is; '' if there is none
 * @param {{node: string, wine?: boolean, tests: string, machine: string, results: object[]}} run
 * @param {object[]} known   the list of known differences
 * @param {string[]} modules in the order of the rows
 */
export function renderPage(before, { node, wine, tests, machine, results }, known, modules) {
  const sections = new Map();
  for (const text of before.split(/^(?=## )/m)) {
    const key = /^## (Node \d+)\.[^,]*?( under Wine)?,/.exec(text)?.slice(1).join('');
    if (key !== undefined) sections.set(key, text);
  }
  const suffix = wine ? ' under Wine' : '';
  const key = `Node ${Number.parseInt(node, 10)}${suffix}`;
  const head = `## Node ${node}${suffix}, tests of ${tests}\n\n${machine}.\n`;
  const blocks = new Map(readSection(sections.get(key), head).map((block) => [block.module, block]));
  for (const result of results) blocks.set(result.suite, linesOf(result));
  const ordered = modules.map((module) => blocks.get(module)).filter((block) => block !== undefined);
  const notes = ordered.flatMap((block) => block.notes);
  const lines = [
    ...TABLE_HEAD,
    ...ordered.map((block) => block.row),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ];
  sections.set(key, `${head}\n${lines.join('\n')}\n\n`);
  const newestLast = [...sections.keys()].sort().map((one) => sections.get(one));
  return `${INTRODUCTION}\n${newestLast.join('')}${KNOWN_HEADING}\n\n${knownLines(known).join('\n')}\n`;
}

/** @param {string} nodeFile  the executable that the tests ran with; under Wine, Linux' of the same version */
export function writeNodePage(file, { nodeFile, ...run }, known, modules) {
  const before = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  const machine = machineLine({ ...describeMachine(nodeFile), wine: run.wine });
  fs.writeFileSync(file, renderPage(before, { ...run, machine }, known, modules));
}
