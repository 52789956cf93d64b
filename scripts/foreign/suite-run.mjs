// One suite: every file plainly and over the preload, those with a difference again.
import { compare, countFailed, countPassed, judge } from './compare.mjs';
import { Progress } from './progress.mjs';
import { PROCESS, runFiles } from './run-files.mjs';

/** Splits the files into the batches that run in one process each. */
function batches(files, size = 1) {
  const all = [];
  for (let at = 0; at < files.length; at += size) all.push(files.slice(at, at + size));
  return all;
}

/** Both sides of a batch, again and again while they differ. */
async function runBatch(job, files, rounds) {
  const plain = [];
  const preload = [];
  let carried = 0;
  let onPort = 0;
  let differences = [];
  for (let round = 0; round < rounds; round++) {
    plain.push(await runFiles({ ...job, files, preload: undefined }));
    const over = await runFiles({ ...job, files });
    preload.push(over);
    carried += over.carried;
    onPort += over.onPort;
    differences = compare(plain, preload);
    if (differences.length === 0) break;
  }
  return { plain, preload, carried, onPort, differences };
}

function keysThatPass({ tests }) {
  return [...tests].filter(([, { status }]) => status === 'pass').map(([key]) => key);
}

/**
 * @param {object} job  for runFiles
 * @param {{rounds: number, listed: object[], inMemory: boolean}} settings  inMemory: the port has nothing to carry
 */
export async function runSuite(job, { rounds, listed, inMemory }) {
  const name = job.suite.name;
  const work = batches(job.files, job.suite.batch);
  const progress = new Progress(name, work.length);
  const passing = new Set();
  const total = { plain: 0, failed: 0, preload: 0, same: 0, carried: 0, carrying: 0, onPort: 0 };
  const differences = [];
  for (const files of work) {
    progress.step(files[0]);
    const done = await runBatch(job, files, rounds);
    total.plain += countPassed(done.plain[0]);
    total.failed += countFailed(done.plain[0]);
    total.preload += countPassed(done.preload[0]);
    total.carried += done.carried;
    if (done.carried > 0) total.carrying++;
    total.onPort += done.onPort;
    for (const key of [...keysThatPass(done.plain[0]), ...keysThatPass(done.preload[0])]) passing.add(key);
    differences.push(...done.differences);
    for (const one of done.differences) progress.note(`${one.kind}: ${one.file}: ${one.test}`);
  }
  progress.end();
  const differing = new Set(differences.map(({ file, test }) => `${file}\0${test}`));
  const same = [...passing].filter((key) => !differing.has(key) && !key.endsWith(`\0${PROCESS}`)).length;
  return {
    suite: name,
    files: job.files.length,
    ...total,
    same,
    reached: total.onPort > 0 && (total.carried > 0 || inMemory),
    ...judge(differences, listed, passing),
  };
}
