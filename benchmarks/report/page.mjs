// The result as one page: nothing is loaded from anywhere, so that it can be sent on and opened from disk.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as format from '../lib/format.mjs';
import { machineLine } from '../lib/machine.mjs';
import { folders } from '../lib/places.mjs';
import { losses, noLosses, summarizeAll, warnings } from '../lib/summary.mjs';
import { BASE } from '../lib/transports.mjs';
import { verdictSentences } from '../lib/verdict.mjs';
import { renderBars } from './bars.mjs';
import { escaped } from './html.mjs';

const require = createRequire(import.meta.url);
const CHART_FILE = 'chart.umd.min.js';

/** Chart.js: a development dependency in a checkout, a copy beside the compiled code in the package. */
export function findCharts() {
  const packed = path.join(folders.package, 'dist', 'bench', CHART_FILE);
  if (fs.existsSync(packed)) return packed;
  return path.join(path.dirname(require.resolve('chart.js')), CHART_FILE);
}

const readBeside = (name) => fs.readFileSync(path.join(import.meta.dirname, name), 'utf8');
const script = (text) => `<script>${text.replaceAll('</script', '<\\/script')}</script>`;

/** What the plot of latencies needs, and no more. */
function curveData(result, summaries) {
  const withCurves = summaries.filter(({ cell }) => Object.keys(cell.curves).length > 0);
  return {
    transports: result.transports.map(({ name }) => name),
    cells: withCurves.map(({ cell: { group, title, curves } }) => ({
      title: `${group}: ${title}`,
      group,
      curves,
    })),
  };
}

const groupsOf = (summaries) => [...new Set(summaries.map(({ cell }) => cell.group))];
const ofGroup = (summaries, group) => summaries.filter(({ cell }) => cell.group === group);

function plots(result, summaries) {
  const names = result.transports.map(({ name }) => name);
  return groupsOf(summaries)
    .map((group) => `<h2>${escaped(group)}</h2>${renderBars(ofGroup(summaries, group), names)}`)
    .join('');
}

const HEADINGS = [
  'transport',
  'server CPU, or memory',
  `against ${BASE} (95 %)`,
  'per second',
  'bytes',
  'p50 µs',
  'p99 µs',
  'p99.9 µs',
];

function tableRow(cell, name, row) {
  const { figures, ratio, primary, loadBound } = row;
  const latency = (figure) => (figures[figure] === undefined ? '' : format.figure(figures[figure].median));
  const fields = [
    name,
    format.primary(cell, primary),
    ratio === undefined ? '' : format.ratio(ratio),
    figures.rate === undefined ? '' : `${format.figure(figures.rate.median)}${loadBound ? ' *' : ''}`,
    figures.bytesPerSecond === undefined ? '' : `${format.bytes(figures.bytesPerSecond.median)}/s`,
    ...['p50Us', 'p99Us', 'p999Us'].map(latency),
  ];
  const cells = fields.map((text, i) => `<td data-label="${escaped(HEADINGS[i])}">${escaped(text)}</td>`);
  return `<tr class="${escaped(ratio?.verdict ?? '')}">${cells.join('')}</tr>`;
}

function tables(summaries) {
  const head = HEADINGS.map((text) => `<th>${escaped(text)}</th>`).join('');
  return groupsOf(summaries)
    .map((group) => {
      const rows = ofGroup(summaries, group).map(({ cell, rows: all }) => {
        const title = `${cell.title} (each ${cell.unit})`;
        const own = Object.entries(all).map(([name, row]) => tableRow(cell, name, row));
        return `<tr class="cell"><th colspan="${HEADINGS.length}">${escaped(title)}</th></tr>${own.join('')}`;
      });
      return `<h3>${escaped(group)}</h3><table class="figures"><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
    })
    .join('');
}

function lossList(summaries) {
  const lost = losses(summaries);
  if (lost.length === 0) return `<p>${noLosses(summaries)}</p>`;
  const items = lost.map(
    ({ cell, transport, base, primary, ratio }) =>
      `<li>${escaped(`${cell.group}, ${cell.title}: ${transport} needs ${format.primary(cell, primary)} for each ${cell.unit}, ${format.ratio(ratio)} of ${base}`)}</li>`,
  );
  return `<ul>${items.join('')}</ul>`;
}

function machineTable(result) {
  const { mitigations, ...machine } = result.machine;
  const rows = Object.entries(machine).filter(([, value]) => value !== undefined);
  const weak = Object.entries(mitigations ?? {}).map(([name, state]) => [name.replaceAll('_', ' '), state]);
  const row = ([name, value]) => `<tr><td>${escaped(name)}</td><td>${escaped(value)}</td></tr>`;
  return `<details><summary>The machine</summary><table><tbody>${[...rows, ...weak].map(row).join('')}</tbody></table></details>`;
}

function warningParagraphs(result) {
  return warnings(result)
    .map((line) => `<p class="warning">${escaped(line)}</p>`)
    .join('');
}

function verdict(result, summaries) {
  const [first, ...rest] = verdictSentences(result, summaries).map(escaped);
  return `<section class="verdict"><p><strong>${first}</strong></p>${rest.map((text) => `<p>${text}</p>`).join('')}</section>`;
}

/** @returns {string} the page */
export function renderPage(result) {
  const summaries = summarizeAll(result).filter(({ rows }) => Object.keys(rows).length > 0);
  const data = JSON.stringify(curveData(result, summaries)).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>iocp-net benchmarks</title>
<style>${readBeside('page.css')}</style>
</head>
<body>
<h1>iocp-net ${escaped(result.version)}: benchmarks</h1>
${verdict(result, summaries)}
${warningParagraphs(result)}
<p>${escaped(result.date.slice(0, 10))}; ${escaped(machineLine(result.machine))}.</p>
<p>A bar is the processor time of the server, user and system together, for each message, or the memory for each unit:
shorter is better, and a busy machine changes it little. A ratio is how many times less a transport needs than ${BASE},
formed within each round; the line across the end of a bar is its 95 % interval. “No difference”: the interval holds 1 and
is narrower than ±10 %; “undecided”: it holds 1 and is wider.</p>
${plots(result, summaries)}
<h2>Where ${BASE} is faster</h2>
${lossList(summaries)}
<h2>Latencies</h2>
<p>Closed loop, unless the title gives a rate; with a rate, from the time at which a message was due.</p>
<p><select id="curve" aria-label="Cell"></select></p>
<div id="latencies"><canvas id="latency" role="img" aria-label="Latencies"></canvas></div>
<h2>All figures</h2>
<p>Medians over the rounds. * the load generator was at its limit: CPU time counts there, messages per second and latencies do not.</p>
${tables(summaries)}
${machineTable(result)}
${script(fs.readFileSync(findCharts(), 'utf8'))}
<script id="data" type="application/json">${data}</script>
${script(readBeside('plots.js'))}
</body>
</html>
`;
}
