// The result as one page: nothing is loaded from anywhere, so that it can be sent on and opened from disk.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as format from '../lib/format.mjs';
import { machineLine } from '../lib/machine.mjs';
import { folders } from '../lib/places.mjs';
import { losses, noLosses, summarizeAll, warnings } from '../lib/summary.mjs';
import { BASE } from '../lib/transports.mjs';

const require = createRequire(import.meta.url);
const CHART_FILE = 'chart.umd.min.js';

/** Chart.js: a development dependency in a checkout, a copy beside the compiled code in the package. */
export function findCharts() {
  const packed = path.join(folders.package, 'dist', 'bench', CHART_FILE);
  if (fs.existsSync(packed)) return packed;
  return path.join(path.dirname(require.resolve('chart.js')), CHART_FILE);
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text) => String(text).replace(/[&<>"]/g, (character) => ENTITIES[character]);
const readBeside = (name) => fs.readFileSync(path.join(import.meta.dirname, name), 'utf8');
const script = (text) => `<script>${text.replaceAll('</script', '<\\/script')}</script>`;

/** What the plots need, and no more. */
function plotData(result, summaries) {
  const groups = new Map();
  for (const { cell, rows } of summaries) {
    const cells = groups.get(cell.group) ?? [];
    groups.set(cell.group, cells);
    const transports = {};
    for (const [name, { primary, figures, ratio }] of Object.entries(rows)) {
      transports[name] = {
        primary,
        rate: figures.rate?.median,
        ratio: ratio?.ratio,
        low: ratio?.low,
        high: ratio?.high,
      };
    }
    cells.push({ title: cell.title, unit: cell.unit, kind: cell.kind, transports, curves: cell.curves });
  }
  return {
    base: BASE,
    transports: result.transports.map(({ name }) => name),
    groups: [...groups].map(([title, cells]) => ({ title, cells })),
  };
}

function tableRow(cell, name, row) {
  const { figures, ratio, primary, loadBound } = row;
  const latency = (figure) => (figures[figure] === undefined ? '' : format.figure(figures[figure].median));
  const fields = [
    cell.title,
    name,
    `${format.primary(cell, primary)} / ${cell.unit}`,
    ratio === undefined ? '' : format.ratio(ratio),
    figures.rate === undefined ? '' : `${format.figure(figures.rate.median)}${loadBound ? ' *' : ''}`,
    figures.bytesPerSecond === undefined ? '' : `${format.bytes(figures.bytesPerSecond.median)}/s`,
    ...['p50Us', 'p99Us', 'p999Us'].map(latency),
  ];
  return `<tr class="${ratio?.verdict ?? ''}">${fields.map((text) => `<td>${escaped(text)}</td>`).join('')}</tr>`;
}

const HEADINGS = [
  '',
  'transport',
  'server CPU, or memory',
  `against ${BASE} (95 %)`,
  'per second',
  'bytes',
  'p50 µs',
  'p99 µs',
  'p99.9 µs',
];

function tables(summaries) {
  const groups = [...new Set(summaries.map(({ cell }) => cell.group))];
  return groups
    .map((group) => {
      const rows = summaries
        .filter(({ cell }) => cell.group === group)
        .flatMap(({ cell, rows: all }) =>
          Object.entries(all).map(([name, row]) => tableRow(cell, name, row)),
        );
      const head = HEADINGS.map((text) => `<th>${escaped(text)}</th>`).join('');
      return `<h3>${escaped(group)}</h3><div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
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

/** @returns {string} the page */
export function renderPage(result) {
  const summaries = summarizeAll(result).filter(({ rows }) => Object.keys(rows).length > 0);
  const data = JSON.stringify(plotData(result, summaries)).replaceAll('<', '\\u003c');
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
<p>${escaped(result.date.slice(0, 10))}; ${escaped(machineLine(result.machine))}.</p>
${warningParagraphs(result)}
<p>The first figure is the processor time of the server, user and system together, for each message: it survives a busy
machine. A ratio is how many times less a transport needs than ${BASE}, formed within each round, with its 95 % interval;
where the interval holds 1 there is no difference that this run could show.</p>
<section id="plots"></section>
<h2>Latencies</h2>
<p>Closed loop, unless the title gives a rate; with a rate, from the time at which a message was due.</p>
<p><select id="curve"></select></p>
<div class="plot" id="latencies"><canvas id="latency" role="img" aria-label="Latencies"></canvas></div>
<h2>Where ${BASE} is faster</h2>
${lossList(summaries)}
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
