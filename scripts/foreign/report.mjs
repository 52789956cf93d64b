// What a suite's result looks like on the console.

/** The first two lines, and the one that names the error: Node prints the place and its source before it. */
function essentialLines(error) {
  const lines = (error ?? '').split('\n').filter(Boolean);
  const named = lines.findIndex((line) => /^\w*Error\b/.test(line));
  return [...lines.slice(0, 2), ...(named > 1 ? [lines[named]] : [])];
}

function printDifference(word, { file, test, plain, preload, error }) {
  console.log(`  ${word}: ${file}: ${test}`);
  if (word === 'unsteady') console.log(`      plain ${plain.join(', ')}; preload ${preload.join(', ')}`);
  for (const line of essentialLines(error)) console.log(`      ${line}`);
}

/** @param {object} result  of runSuite, or {suite, skipped} or {suite, error} */
export function printReport(result) {
  const { suite, skipped, error, files, plain, failed, preload, carried, defects, known, unsteady, gone } =
    result;
  if (skipped !== undefined) {
    console.log(`${suite}: skipped; to run it: ${skipped}`);
    return;
  }
  if (error !== undefined) {
    console.log(`${suite}: did not run: ${error}`);
    return;
  }
  const count = (kind) => defects.filter((one) => one.kind === kind).length;
  const unrun = defects.filter((one) => one.kind === 'lost' && one.preload.includes('missing')).length;
  console.log(
    `${suite}: ${files} files; ${plain} tests pass plainly (${failed} fail), ${preload} over the preload; ${count('lost')} lost, ` +
      `${unrun > 0 ? `(${unrun} of them did not run), ` : ''}${count('gained')} gained, ${known.length} listed, ${unsteady.length} unsteady; ${carried} connections carried`,
  );
  for (const one of defects) printDifference(one.kind, one);
  for (const one of unsteady) printDifference('unsteady', one);
  for (const { file, test } of gone) console.log(`  listed, but there is no difference: ${file}: ${test}`);
  if (!result.reached) console.log('  the port has carried nothing: was the preload loaded?');
}
