// What a result says: medians and ratios for every cell, from its samples.
import { primaryFigure } from './cells.mjs';
import { isPublishable, median, pairedRatio, quantile, widened } from './statistics.mjs';
import { baseOf, controlOf } from './transports.mjs';

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

/**
 * How far the control, node:net against itself, is from 1 beyond its interval: no smaller difference can be measured
 * in this cell.
 */
function controlFactor(cell, base) {
  const control =
    cell.samples[controlOf(base)] === undefined ? undefined : ratioOf(cell, base, controlOf(base));
  if (control === undefined || !['better', 'worse'].includes(control.verdict)) return 1;
  return Math.max(control.ratio, 1 / control.ratio);
}

/** A ratio with its verdict, the control considered. "undecided": equal for all that is known, and little is. */
function judgedRatio(cell, base, name) {
  let one = ratioOf(cell, base, name);
  if (one?.low === undefined) return one;
  const factor = name === controlOf(base) ? 1 : controlFactor(cell, base);
  if (factor > 1) one = widened(one, factor);
  const undecided = one.verdict === 'no difference' && !isPublishable(one);
  return { ...one, verdict: undecided ? 'undecided' : one.verdict, publishable: isPublishable(one) };
}

function figuresOf(samples) {
  const figures = {};
  for (const name of Object.keys(samples[0])) {
    if (name === 'round' || name === 'visit') continue;
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
      ratio: base === undefined ? undefined : judgedRatio(cell, base, name),
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

export const isOurs = (transport) => transport.split(/[@+#]/)[0] === 'iocp-net';

/** Where the package needs more than node:net with the same settings, by the interval. */
export function losses(summaries) {
  return summaries.flatMap(({ cell, rows }) =>
    Object.entries(rows)
      .filter(([transport, { ratio }]) => isOurs(transport) && ratio?.verdict === 'worse')
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

/** More of these than that, as shares of one processor, and the machine was not quiet. */
const QUIET = { stolenShare: 0.02, foreignShare: 0.1 };

/** What the machine did beside the suite, at the median and for the tenth of the rounds that had most of it. */
export function machineLoad(result) {
  const samples = result.cells.flatMap(({ samples: all }) => Object.values(all).flat());
  const load = {};
  for (const [name, limit] of Object.entries(QUIET)) {
    const shares = samples.map((sample) => sample[name]).filter((share) => share !== undefined);
    if (shares.length === 0) return undefined;
    load[name] = {
      median: median(shares),
      high: quantile(shares, 0.9),
      quiet: quantile(shares, 0.9) <= limit,
    };
  }
  return load;
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;

function machineLines(result) {
  const load = machineLoad(result);
  if (load === undefined) return [];
  const { stolenShare: stolen, foreignShare: foreign } = load;
  const lines = [];
  if (!stolen.quiet) {
    lines.push(
      `The hypervisor took away ${percent(stolen.median)} of a processor at the median, ${percent(stolen.high)} in a tenth of the rounds.`,
    );
  }
  if (!foreign.quiet) {
    lines.push(
      `Other processes took ${percent(foreign.median)} of a processor at the median, ${percent(foreign.high)} in a tenth of the rounds.`,
    );
  }
  return lines.length === 0 ? [] : [`The machine was not quiet. ${lines.join(' ')}`];
}

function warmUpLines(result) {
  const unsteady = result.cells.flatMap(({ group, title, warmUps = {} }) =>
    Object.entries(warmUps)
      .filter(([, all]) => all.some(({ steady }) => !steady))
      .map(([name]) => `${group}, ${title}: ${name}`),
  );
  if (unsteady.length === 0) return [];
  return [`Not steady when its warm-up had taken as long as it may: ${unsteady.join('; ')}.`];
}

/** What a reader must know before any figure. */
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
  if (result.extent === 'quick') lines.push(QUICK_SENTENCE);
  lines.push(...machineLines(result), ...warmUpLines(result));
  for (const { group, title, reason } of result.leftOut ?? []) {
    lines.push(`Left out: ${group}, ${title}: ${reason}.`);
  }
  const unreached = result.cells.filter(
    ({ samples, failed }) => Object.keys(samples).length + Object.keys(failed).length === 0,
  );
  if (unreached.length > 0) {
    lines.push(`Not reached: ${unreached.map(({ group, title }) => `${group}, ${title}`).join('; ')}.`);
  }
  for (const cell of result.cells) {
    for (const [name, { times, reason }] of Object.entries(cell.failed)) {
      const often = times === 1 ? 'failed once' : `failed ${times} times`;
      lines.push(`${cell.group}, ${cell.title}: ${name} ${often}: ${reason}`);
    }
  }
  return lines;
}

export const QUICK_SENTENCE =
  'A quick run: few cells and short rounds show large differences only, and may claim little.';
