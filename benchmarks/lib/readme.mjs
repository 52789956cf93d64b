// The section of README.md that comes from a result.
import * as format from './format.mjs';
import { machineLine } from './machine.mjs';
import { losses, noLosses, summarizeAll } from './summary.mjs';
import { BASE } from './transports.mjs';

const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';

/** The cells of the short table; the page has all of them. */
export const SHOWN = [
  'echo/connections=1,bytes=64',
  'echo/connections=50,bytes=64',
  'echo/connections=500,bytes=64',
  'echo/connections=50,bytes=16384',
  'echo/connections=50,bytes=65536',
  'echo/connections=50,bytes=64,depth=16',
  'upload/connections=8,bytes=1048576',
  'download/connections=8,bytes=1048576',
  'writes/connections=20,writes=64,corked=false',
  'churn/connections=50,bytes=64',
  'http/framework=http,connections=50',
  'http/framework=express,connections=50',
  'tls/connections=50,bytes=64',
  'idle/connections=10000',
];

const COLUMNS = [BASE, 'iocp-net', 'bun', 'deno', 'floor'];

function tableRow({ cell, rows }, columns) {
  const fields = columns.map((name) => {
    const row = rows[name];
    if (row === undefined) return '–';
    const own = format.primary(cell, row.primary);
    if (row.ratio === undefined) return own;
    return name === 'iocp-net'
      ? `${own}, **${format.ratio(row.ratio)}**`
      : `${own}, ${format.ratio(row.ratio)}`;
  });
  return `| ${[`${cell.title} (each ${cell.unit})`, ...fields].join(' | ')} |`;
}

function lossLines(summaries) {
  const lost = losses(summaries);
  if (lost.length === 0) return [noLosses(summaries)];
  return lost.map(
    ({ cell, transport, base, ratio }) =>
      `- ${cell.group}, ${cell.title}: ${transport} has ${format.ratio(ratio)} of ${base}`,
  );
}

/** @returns {string} markdown */
export function renderSection(result, file) {
  const summaries = summarizeAll(result);
  const shown = SHOWN.map((id) => summaries.find(({ cell }) => cell.id === id)).filter(
    (one) => one !== undefined && Object.keys(one.rows).length > 0,
  );
  const columns = COLUMNS.filter((name) => result.transports.some((one) => one.name === name));
  return [
    `Processor time of the server for each message (user and system together), ${result.date.slice(0, 10)}, on`,
    `${machineLine(result.machine)}. In brackets the 95 % interval of the ratio to`,
    `${BASE}; above 1 is better. All cells, latencies and samples: [\`${file}\`](${file}) and the page beside it.`,
    '',
    `| | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---').join('|')}|`,
    ...shown.map((one) => tableRow(one, columns)),
    '',
    `**Where ${BASE} is faster**`,
    '',
    ...lossLines(summaries),
  ].join('\n');
}

export function replaceSection(readme, section) {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) throw new Error(`README.md lacks ${START} and ${END}`);
  return `${readme.slice(0, start + START.length)}\n${section === '' ? '' : `${section}\n`}${readme.slice(end)}`;
}
