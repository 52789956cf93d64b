// What a run shows, in sentences: how often the package needs less than node:net, and how far that can be believed.
import { median } from './statistics.mjs';
import { isOurs, machineLoad } from './summary.mjs';
import { baseOf, controlOf } from './transports.mjs';

const cells = (count) => `${count} ${count === 1 ? 'cell' : 'cells'}`;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** The ratios of one transport, by what they show. */
function sorted(summaries, name) {
  const by = { better: [], worse: [], 'no difference': [], undecided: [], 'too few rounds': [] };
  for (const { rows } of summaries) {
    const ratio = rows[name]?.ratio;
    if (ratio !== undefined) by[ratio.verdict].push(ratio);
  }
  return by;
}

function transportSentence(summaries, name, base) {
  const by = sorted(summaries, name);
  const claims = ['better', 'worse', 'no difference', 'undecided'].flatMap((verdict) => by[verdict]);
  if (claims.length === 0) return `No verdict on ${name}: no cell has enough rounds.`;
  const sized = by.better.filter(({ publishable }) => publishable);
  const factor = median(sized.map(({ ratio }) => ratio)).toFixed(2);
  const size = sized.length === 0 ? '' : ` (${factor}× at the median of the ${sized.length} known to ±10 %)`;
  const parts = [`${name} needs less than ${base} in ${by.better.length} of ${cells(claims.length)}${size}`];
  parts.push(`more in ${by.worse.length === 0 ? 'none' : by.worse.length}`);
  if (by['no difference'].length > 0) parts.push(`the same in ${by['no difference'].length}`);
  if (by.undecided.length > 0)
    parts.push(`${by.undecided.length} undecided, with intervals wider than ±10 %`);
  const few = by['too few rounds'].length;
  if (few > 0) parts.push(`${few} with too few rounds to say`);
  return `${parts.join('; ')}.`;
}

function controlSentence(summaries, base) {
  const ratios = summaries
    .map(({ rows }) => rows[controlOf(base)]?.ratio)
    .filter((ratio) => ratio?.low !== undefined);
  if (ratios.length === 0) return undefined;
  const differing = ratios.filter(({ verdict }) => verdict === 'better' || verdict === 'worse');
  const off = ratios.map(({ ratio }) => Math.max(ratio, 1 / ratio) - 1);
  const apart = `${percent(median(off))} apart at the median, ${percent(Math.max(...off))} at most`;
  const wider =
    differing.length === 0
      ? ''
      : `; in ${differing.length} of ${cells(ratios.length)} by more than its interval, and the others there are as much wider`;
  return `The control, ${base} against itself: ${apart}${wider}.`;
}

function machineSentence(result) {
  const load = machineLoad(result);
  if (load === undefined) return undefined;
  const { stolenShare, foreignShare } = load;
  return (
    `Beside the suite, other processes took ${percent(foreignShare.median)} of a processor and the hypervisor ` +
    `${percent(stolenShare.median)}, at the median over the rounds.`
  );
}

/** @returns {string[]} sentences; the first ones are of the package */
export function verdictSentences(result, summaries) {
  const names = result.transports.map(({ name }) => name);
  const pairs = names
    .filter(isOurs)
    .map((name) => [name, baseOf(name, names)])
    .filter(([, base]) => base !== undefined);
  if (pairs.length === 0) return ['No verdict: nothing was compared with node:net.'];
  const bases = new Set(pairs.map(([, base]) => base));
  return [
    ...pairs.map(([name, base]) => transportSentence(summaries, name, base)),
    ...[...bases].map((base) => controlSentence(summaries, base)),
    machineSentence(result),
  ].filter((sentence) => sentence !== undefined);
}
