// What a result says: medians and ratios for every cell, from its samples.
import { primaryFigure } from './cells.mjs';
import { median, pairedRatio, quantile } from './statistics.mjs';
import { baseOf } from './transports.mjs';

/** A load generator that works all the time, while the server does not, is what was measured. */
const BUSY_SHARE = 0.9;

/** The figures of two transports in the rounds that both have completed. */
export function pairedFigures(cell, base, other, figure) {
  const byRound = new Map((cell.samples[base] ?? []).map((sample) => [sample.round, sample[figure]]));
  const pairs = (cell.samples[other] ?? [])
    .filter(({ round }) => byRound.has(round))
    .map((sample) => [byRound.get(sample.round), sample[figure]])
    // Memory that has not grown has no ratio.
    .filter(([a, b]) => a > 0 && b > 0);
  return { base: pairs.map(([a]) => a), other: pairs.map(([, b]) => b) };
}

export function ratioOf(cell, base, other) {
  const paired = pairedFigures(cell, base, other, primaryFigure(cell));
  return paired.base.length === 0 ? undefined : pairedRatio(paired.base, paired.other);
}

function figuresOf(samples) {
  const figures = {};
  for (const name of Object.keys(samples[0])) {
    if (name === 'round') continue;
    const values = samples.map((sample) => sample[name]).filter((value) => value !== undefined);
    figures[name] = { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
  }
  return figures;
}

/**
 * Whether the load was at its limit before the server was: messages/s then say nothing of the server. In an open loop:
 * whether requests left so late that it is the lateness that was measured.
 */
function loadBound({ loadShare, serverShare, lateP99Us, p99Us }) {
  if (lateP99Us !== undefined) return lateP99Us.median > p99Us.median / 2;
  return loadShare !== undefined && loadShare.median > BUSY_SHARE && serverShare.median < BUSY_SHARE;
}

/** One row for each transport of a cell that has samples. */
export function summarize(cell, names) {
  const rows = {};
  for (const name of names) {
    const samples = cell.samples[name] ?? [];
    if (samples.length === 0) continue;
    const base = baseOf(name, names);
    const figures = figuresOf(samples);
    rows[name] = {
      figures,
      primary: figures[primaryFigure(cell)].median,
      ratio: base === undefined ? undefined : ratioOf(cell, base, name),
      base,
      loadBound: loadBound(figures),
    };
  }
  return rows;
}

export function summarizeAll(result) {
  const names = result.transports.map(({ name }) => name);
  return result.cells.map((cell) => ({ cell, rows: summarize(cell, names) }));
}

/** Where the package needs more than node:net with the same settings, by the interval. */
export function losses(summaries, name = 'iocp-net') {
  const ours = (candidate) => candidate.split(/[@+#]/)[0] === name;
  return summaries.flatMap(({ cell, rows }) =>
    Object.entries(rows)
      .filter(([transport, { ratio }]) => ours(transport) && ratio?.verdict === 'worse')
      .map(([transport, row]) => ({ cell, transport, ...row })),
  );
}

/** What to say where there is no loss to list: that there is none, or that nothing can be said. */
export function noLosses(summaries) {
  const claims = summaries.some(({ rows }) =>
    Object.values(rows).some(({ ratio }) => ratio !== undefined && ratio.verdict !== 'too few rounds'),
  );
  return claims ? 'Nowhere in this run, by the 95 % interval.' : 'Too few rounds to say.';
}

/** Cells that this package or node:net has failed; peers may lack what a cell asks for. */
export function failures(result) {
  const counted = (name) => /^(node:net|iocp-net)/.test(name);
  return result.cells.flatMap((cell) =>
    Object.keys(cell.failed)
      .filter(counted)
      .map((transport) => ({ cell, transport })),
  );
}

/** What a reader must be told before any figure. */
export function warnings(result) {
  const lines = [];
  if (result.machine.wine) {
    lines.push('Run under Wine: this shows that the suite works, and is no measure of Windows.');
  }
  for (const [name, engine] of Object.entries(result.engines)) {
    if (engine === 'libuv')
      lines.push(`${name} has no engine here and is node:net itself: iocp-net doctor says why.`);
  }
  if (result.status !== 'complete') lines.push(`This run is ${result.status}.`);
  if (result.extent === 'quick') lines.push('A quick run: few cells, short rounds.');
  for (const cell of result.cells) {
    for (const [name, { times, reason }] of Object.entries(cell.failed)) {
      const often = times === 1 ? 'failed once' : `failed ${times} times`;
      lines.push(`${cell.group}, ${cell.title}: ${name} ${often}: ${reason}`);
    }
  }
  return lines;
}
