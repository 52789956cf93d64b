// The section of README.md that comes from a result.
import * as format from './format.mjs';
import { machineLine } from './machine.mjs';
import { losses, noLosses, summarizeAll } from './summary.mjs';
import { BASE } from './transports.mjs';

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
  'http/framework=http,connections=1',
  'http/framework=http,connections=50',
  'http/framework=http,connections=500',
  'http/framework=express,connections=50',
  'http/framework=fastify,connections=50',
  'websocket/connections=500,bytes=64',
  'proxy/connections=50,bytes=64',
  'tls/connections=50,bytes=64',
  'http/framework=http,connections=50,tls=true',
  'http2/connections=50',
  'idle/connections=10000',
];

const COLUMNS = [BASE, 'iocp-net', 'bun', 'deno', 'floor'];

const titleOf = ({ group, title, unit }) =>
  `${group === 'Echo round trips' ? 'echo, ' : ''}${title} (each ${unit})`;

/** A row is published when the package's interval is narrow enough. */
const isPublished = ({ rows }) => rows['iocp-net']?.ratio?.publishable === true;

function comparedField(cell, name, { primary, ratio }) {
  const own = format.primary(cell, primary);
  if (ratio === undefined) return own;
  if (!ratio.publishable) return `${own}, too uncertain`;
  return name === 'iocp-net' ? `${own}, **${format.ratio(ratio)}**` : `${own}, ${format.ratio(ratio)}`;
}

function tableRow({ cell, rows }, columns) {
  const fields = columns.map((name) =>
    rows[name] === undefined ? '–' : comparedField(cell, name, rows[name]),
  );
  return `| ${[titleOf(cell), ...fields].join(' | ')} |`;
}

export const nodeOf = ({ machine }) => `Node ${machine.node.slice(1)}`;

function lossLines(result, summaries, others) {
  const lineOf = (on, { cell, transport, base, ratio }) =>
    `- ${on}${cell.group}, ${cell.title}: ${transport} has ${format.ratio(ratio)} of ${base}`;
  const lost = losses(summaries).map((one) => lineOf('', one));
  const elsewhere = others.flatMap((other) =>
    losses(other.summaries).map((one) => lineOf(`${nodeOf(other.result)}: `, one)),
  );
  if (elsewhere.length === 0) return lost.length === 0 ? [noLosses(summaries)] : lost;
  return [
    ...(lost.length === 0 ? [`- ${nodeOf(result)}: nowhere, by the 95 % interval.`] : lost),
    ...elsewhere,
  ];
}

function unpublishedLines(summaries) {
  const hidden = summaries.filter((one) => !isPublished(one));
  if (hidden.length === 0) return [];
  const names = hidden.map(({ cell }) => titleOf(cell)).join('; ');
  return ['', `Not in the table, since their interval is wider than ±10 %: ${names}.`];
}

/** The ratios of the same cells on other versions of Node, a column each. */
function versionLines(shown, others) {
  if (others.length === 0) return [];
  const field = (id, { summaries }) => {
    const one = summaries.find(({ cell }) => cell.id === id);
    return one !== undefined && isPublished(one) ? format.ratio(one.rows['iocp-net'].ratio) : '–';
  };
  const rows = shown
    .map(({ cell }) => [titleOf(cell), ...others.map((other) => field(cell.id, other))])
    .filter((fields) => fields.slice(1).some((text) => text !== '–'));
  return [
    '',
    `The same ratios on other versions of Node (–: not published, or not measured; ${others
      .map(({ file }) => `[\`${file}\`](${file})`)
      .join(', ')}):`,
    '',
    `| | ${others.map(({ result }) => nodeOf(result)).join(' | ')} |`,
    `|---|${others.map(() => '---').join('|')}|`,
    ...rows.map((fields) => `| ${fields.join(' | ')} |`),
  ];
}

/**
 * @param {object} result                              the one that the table is of
 * @param {string} file                                its name
 * @param {{result: object, file: string, summaries: object[]}[]} [others]  of other versions of Node
 * @param {object[]} [summaries]                       the result's, where they have been made already
 * @returns {string} markdown
 */
export function renderSection(result, file, others = [], summaries = summarizeAll(result)) {
  const shown = SHOWN.map((id) => summaries.find(({ cell }) => cell.id === id)).filter(
    (one) => one !== undefined && Object.keys(one.rows).length > 0,
  );
  const published = shown.filter(isPublished);
  const columns = COLUMNS.filter((name) => result.transports.some((one) => one.name === name));
  return [
    `Processor time of the server (user and system together) for each unit in brackets; of idle connections, memory. ${result.date.slice(0, 10)}, on`,
    `${machineLine(result.machine)}. In brackets the 95 % interval of the ratio to`,
    `${BASE}; above 1 is better. All cells, latencies and samples: [\`${file}\`](${file}) and the page beside it.`,
    ...(result.status === 'complete'
      ? []
      : [`That run is ${result.status}: its intervals are of the rounds until then.`]),
    '',
    `| | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---').join('|')}|`,
    ...published.map((one) => tableRow(one, columns)),
    ...unpublishedLines(shown),
    ...versionLines(shown, others),
    '',
    `**Where ${BASE} is faster**`,
    '',
    ...lossLines(result, summaries, others),
  ].join('\n');
}

/** The README with another text between the marks of `name`. */
export function replaceSection(readme, section, name = 'bench') {
  const [first, last] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const start = readme.indexOf(first);
  const end = readme.indexOf(last);
  if (start < 0 || end < start) throw new Error(`README.md lacks ${first} and ${last}`);
  return `${readme.slice(0, start + first.length)}\n${section === '' ? '' : `${section}\n`}${readme.slice(end)}`;
}
