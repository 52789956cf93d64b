// Bars without a script: for each cell one for each transport, with its interval across the end.
import * as format from '../lib/format.mjs';
import { escaped } from './html.mjs';

const COLORS = 8;
const share = (part, whole) => `${((100 * part) / whole).toFixed(2)}%`;

/** @param {{name: string, color: number, value: number, low?: number, high?: number, text: string}[]} bars */
function barList(title, bars) {
  const longest = Math.max(...bars.map(({ value, high = 0 }) => Math.max(value, high)));
  const rows = bars.map(({ name, color, value, low, high, text }) => {
    const bar = `<i class="bar c${color}" style="width:${share(value, longest)}"></i>`;
    const interval =
      low === undefined
        ? ''
        : `<i class="interval" style="left:${share(low, longest)};width:${share(high - low, longest)}"></i>`;
    return `<div class="name">${escaped(name)}</div><div class="track">${bar}${interval}</div><div class="text">${escaped(text)}</div>`;
  });
  return `<figure class="bars"><figcaption>${escaped(title)}</figcaption>${rows.join('')}</figure>`;
}

/**
 * What a transport needs beside its node:net, by the ratio and its interval. The medians of the two, in figures, may
 * differ a little from it: the ratio is formed within each round.
 */
function needOf(row, rows) {
  const base = rows[row.base]?.primary;
  const { ratio } = row;
  if (ratio === undefined || base === undefined) return { value: row.primary };
  const value = base / ratio.ratio;
  return ratio.low === undefined ? { value } : { value, low: base / ratio.high, high: base / ratio.low };
}

function needs({ cell, rows }, colorOf) {
  const bars = Object.entries(rows).map(([name, row]) => ({
    name,
    color: colorOf(name),
    ...needOf(row, rows),
    text: `${format.primary(cell, row.primary)}${row.ratio === undefined ? '' : `  ${format.ratio(row.ratio)}`}`,
  }));
  return barList(`${cell.title} (each ${cell.unit})`, bars);
}

function rates({ cell, rows }, colorOf) {
  const bars = Object.entries(rows)
    .filter(([, { figures }]) => figures.rate !== undefined)
    .map(
      ([
        name,
        {
          figures: { rate },
          loadBound,
        },
      ]) => ({
        name,
        color: colorOf(name),
        value: rate.median,
        low: rate.low,
        high: rate.high,
        text: `${format.figure(rate.median)}/s${loadBound ? ' *' : ''}`,
      }),
    );
  return bars.length === 0 ? '' : barList(`${cell.title} (${cell.unit}s a second)`, bars);
}

/** The plots of one group of cells. @param {string[]} names all transports of the result */
export function renderBars(summaries, names) {
  const colorOf = (name) => names.indexOf(name) % COLORS;
  const throughput = summaries.map((one) => rates(one, colorOf)).join('');
  return [
    ...summaries.map((one) => needs(one, colorOf)),
    throughput === ''
      ? ''
      : `<details><summary>Throughput, with the quartiles of the rounds</summary>${throughput}</details>`,
  ].join('');
}
