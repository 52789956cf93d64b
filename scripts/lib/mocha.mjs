// Runs the mocha suite on any Node: given is a function that starts that Node with arguments and an environment.
import { collectResults } from './results.mjs';

/** For a slow and busy machine; a suite that hangs in one spec is ended by that spec's own guard. */
export const SUITE_TIMEOUT_MS = 75 * 60_000;

/** Relative, so that it means the same file under Wine; the working folder is the checkout. */
const MOCHA = 'node_modules/mocha/bin/mocha.js';

/**
 * @param {string} name  what to call the run if it does not even come to its closing line
 * @param {(args: string[], env: Record<string, string>) => Promise<{code: number | null, signal: string | null}>} start
 *   env holds what the run adds to the environment; IOCP_NET_RESULTS is a path of this system
 * @param {{grep?: string, files?: string[]}} selection
 */
export async function runMocha(name, start, { grep, files = [] } = {}) {
  let end;
  const records = await collectResults(async (file) => {
    const args = [MOCHA, ...(grep === undefined ? [] : ['--grep', grep]), ...files];
    end = await start(args, { IOCP_NET_RESULTS: file });
  });
  if (records.length === 1 && (end.code === 0) === (records[0].failed === 0)) return records;

  const reason =
    records.length === 0 ? 'mocha did not come to its closing line' : 'the exit code disagrees with mocha';
  console.error(`${name}: ${reason} (${end.signal ?? `exit code ${end.code}`})`);
  if (records.length === 0) return [{ suite: name, passed: 0, failed: 1 }];
  return records.map((record) => ({ ...record, failed: record.failed + 1 }));
}
