// Compares what became of each test plainly and over the preload, in one or several rounds.
import { PROCESS } from './run-files.mjs';

/**
 * @typedef {object} Difference
 * @property {'lost' | 'gained' | 'unsteady'} kind
 * @property {string} file
 * @property {string} test
 * @property {string[]} plain    what became of it in each round
 * @property {string[]} preload
 * @property {string} [error]    of the side on which it fails
 */

/** What became of a test in each round of one side. */
function statuses(rounds, key) {
  return rounds.map(({ tests }) => tests.get(key)?.status ?? 'missing');
}

function lastError(rounds, key) {
  return rounds.map(({ tests }) => tests.get(key)?.error).findLast((error) => error !== undefined);
}

/** Skipped on one side and failed on the other is no loss: neither passes. */
function kindOf(plain, preload) {
  const passes = (status) => status === 'pass';
  if (plain.every(passes) && !preload.some(passes)) return 'lost';
  if (preload.every(passes) && !plain.some(passes)) return 'gained';
  if (plain.some(passes) || preload.some(passes)) {
    return plain.every(passes) && preload.every(passes) ? undefined : 'unsteady';
  }
  return undefined;
}

/**
 * @param {{tests: Map<string, {status: string, error?: string}>}[]} plainRounds
 * @param {{tests: Map<string, {status: string, error?: string}>}[]} preloadRounds
 * @returns {Difference[]}
 */
export function compare(plainRounds, preloadRounds) {
  const keys = new Set([...plainRounds, ...preloadRounds].flatMap(({ tests }) => [...tests.keys()]));
  const differences = [];
  for (const key of keys) {
    const plain = statuses(plainRounds, key);
    const preload = statuses(preloadRounds, key);
    const kind = kindOf(plain, preload);
    if (kind === undefined) continue;
    const [file, test] = key.split('\0');
    const error = lastError(kind === 'gained' ? plainRounds : preloadRounds, key);
    differences.push({ kind, file, test, plain, preload, error });
  }
  return differences;
}

/** How many tests pass plainly, in the first round. */
export function countPassed({ tests }) {
  return [...tests].filter(([key, { status }]) => status === 'pass' && !key.endsWith(`\0${PROCESS}`)).length;
}

/** How many tests fail plainly, in the first round: a suite that is not set up shows here. */
export function countFailed({ tests }) {
  return [...tests.values()].filter(({ status }) => status === 'fail').length;
}

/**
 * Sorts the differences of a suite into new ones and listed ones, and finds listed ones that are gone: their test has
 * run on both sides, and there was no difference.
 *
 * @param {Difference[]} differences
 * @param {{file: string, test: string, kind: string, reason: string}[]} listed  of this suite and this Node
 * @param {Set<string>} ran  `file\0test` of what passes plainly (kind 'lost') or over the preload (kind 'gained')
 */
export function judge(differences, listed, ran) {
  const isOf = (entry, { file, test, kind }) =>
    entry.file === file && entry.test === test && (entry.kind ?? 'lost') === kind;
  const steady = differences.filter(({ kind }) => kind !== 'unsteady');
  const unsteady = differences.filter(({ kind }) => kind === 'unsteady');
  const found = (entry) => steady.some((one) => isOf(entry, one));
  const undecided = (entry) => unsteady.some(({ file, test }) => entry.file === file && entry.test === test);
  return {
    defects: steady.filter((one) => !listed.some((entry) => isOf(entry, one))),
    known: steady.filter((one) => listed.some((entry) => isOf(entry, one))),
    unsteady,
    gone: listed.filter(
      (entry) => !found(entry) && !undecided(entry) && ran.has(`${entry.file}\0${entry.test}`),
    ),
  };
}

/** A listed difference may be one of some major versions of Node alone. */
export function appliesTo({ node }, version) {
  return node === undefined || node.includes(Number.parseInt(version, 10));
}
