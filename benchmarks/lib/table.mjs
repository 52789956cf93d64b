// The table at the end of a run.
import { styleText } from 'node:util';
import { primary, ratio } from './format.mjs';
import { machineLine } from './machine.mjs';
import { losses, noLosses, QUICK_SENTENCE, summarizeAll, warnings } from './summary.mjs';
import { BASE } from './transports.mjs';
import { verdictSentences } from './verdict.mjs';

const COLORS = { better: 'green', worse: 'red' };

function paint(text, verdict, colors) {
  return colors && COLORS[verdict] ? styleText(COLORS[verdict], text) : text;
}

/** Columns of the transports of one kind of settings: the base first. */
function cellTexts({ cell, rows }, names, colors) {
  return names.map((name) => {
    const row = rows[name];
    if (row === undefined)
      return { text: cell.failed[name] === undefined ? '' : 'failed', painted: undefined };
    const own = primary(cell, row.primary);
    const compared = row.ratio === undefined ? '' : `  ${ratio(row.ratio)}`;
    const text = `${own}${compared}${row.loadBound ? ' *' : ''}`;
    return { text, painted: paint(text, row.ratio?.verdict, colors) };
  });
}

function layOut(lines) {
  const widths = [];
  for (const line of lines) {
    line.forEach(({ text }, i) => {
      widths[i] = Math.max(widths[i] ?? 0, text.length);
    });
  }
  return lines.map((line) =>
    line
      .map(({ text, painted = text }, i) => painted + ' '.repeat(widths[i] - text.length))
      .join('  ')
      .trimEnd(),
  );
}

const plain = (text) => ({ text });

function section(title, summaries, names, colors) {
  const shown = names.filter((name) => summaries.some(({ rows }) => rows[name] !== undefined));
  const lines = [
    [plain(title), ...shown.map(plain)],
    ...summaries.map((one) => [plain(`  ${one.cell.title}`), ...cellTexts(one, shown, colors)]),
  ];
  const [head, ...rest] = layOut(lines);
  return [colors ? styleText('bold', head) : head, ...rest, ''];
}

function lossLines(summaries) {
  const lost = losses(summaries);
  if (lost.length === 0) return [`  ${noLosses(summaries)}`];
  return lost.map(
    ({ cell, transport, base, primary: own, ratio: one }) =>
      `  ${cell.group}, ${cell.title}: ${transport} ${primary(cell, own)} for each ${cell.unit}, ${ratio(one)} of ${base}`,
  );
}

function notes(result, summaries) {
  const bound = summaries.some(({ rows }) => Object.values(rows).some((row) => row.loadBound));
  const mark = '* the load generator was at its limit: CPU time counts, messages/s and latencies do not';
  // That of a quick run stands at its top.
  return [...(bound ? [mark] : []), ...warnings(result).filter((line) => line !== QUICK_SENTENCE)];
}

/** @returns {string} */
export function renderTable(result, { colors = false } = {}) {
  const summaries = summarizeAll(result);
  const names = result.transports.map(({ name }) => name);
  const groups = [...new Set(summaries.map(({ cell }) => cell.group))];
  return [
    '',
    `CPU time of the warm server (user + system) for each message, or memory for each unit; ratio to ${BASE}, above 1 is better, 95 % interval`,
    machineLine(result.machine),
    '',
    ...groups.flatMap((group) =>
      section(
        group,
        summaries.filter(({ cell }) => cell.group === group && Object.keys(cell.samples).length > 0),
        names,
        colors,
      ),
    ),
    `Where ${BASE} is faster`,
    ...lossLines(summaries),
    '',
    ...notes(result, summaries),
    '',
    ...verdictSentences(result, summaries).map((sentence, i) =>
      colors && i === 0 ? styleText('bold', sentence) : sentence,
    ),
  ].join('\n');
}
