// What the runners report: { suite, passed, failed, skipped, failures }, summed in a closing line.
// IOCP_NET_RESULTS names a file that collects the records of a run, one JSON object a line.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Records of a results file; none if the file does not exist. */
export function readResults(file) {
  if (!fs.existsSync(file)) return [];
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Gives `body` a fresh results file, and returns the records that were left there. */
export async function collectResults(body) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-results-'));
  const file = path.join(folder, 'results');
  try {
    await body(file);
    return readResults(file);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** One record for each suite: of those that ran in parts, the sum. */
export function addUp(records) {
  const sums = new Map();
  for (const { suite, passed, failed, skipped = 0, failures = [] } of records) {
    const sum = sums.get(suite) ?? { suite, passed: 0, failed: 0, skipped: 0, failures: [] };
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
    sum.failures.push(...failures);
    sums.set(suite, sum);
  }
  return [...sums.values()];
}

/** Prints the texts of what failed once more, where the end of a long log shows them. */
export function printFailures(records) {
  for (const { suite, failures = [] } of records) {
    for (const text of failures) console.log(`\nFAILED, ${suite}: ${text}`);
  }
}

/** Hands the records to a caller that asked for them. */
export function handOver(records) {
  if (!process.env.IOCP_NET_RESULTS) return;
  const lines = records.map((record) => `${JSON.stringify(record)}\n`);
  fs.appendFileSync(process.env.IOCP_NET_RESULTS, lines.join(''));
}

/** Prints the closing line, hands the records over, and sets the exit code. */
export function closeResults(records) {
  const passed = records.reduce((sum, record) => sum + record.passed, 0);
  const failed = records.reduce((sum, record) => sum + record.failed, 0);
  handOver(records);
  if (records.length > 1) {
    printFailures(records);
    console.log('');
    for (const { suite, passed, failed, skipped = 0 } of records) {
      console.log(`${suite}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

// node results.mjs FILE: closes over the records of a file.
if (import.meta.filename === process.argv[1]) closeResults(readResults(process.argv[2]));
