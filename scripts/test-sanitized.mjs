#!/usr/bin/env node
// The addon inside of Node under the address and undefined behaviour sanitizers: hostile calls and memory first, then
// specs of the contract.
import { suiteCommand } from './lib/suite-command.mjs';
import { testLinux } from './test-linux.mjs';

const HELP = `usage: npm run test:sanitized -- [options] [spec files]

Builds the addon with assertions and with the address and undefined behaviour sanitizers, and runs specs on it: those
that are named, or hostile calls and memory and then all of test/contract, which takes about a quarter of an hour.

  --short                  within two minutes: fewer hostile programs, and of the contract what is about memory
  --node-version VERSION   run on this Node, fetched from npm, instead of the running one
  --grep PATTERN           only specs whose full title matches
  --help                   this text
`;

const HOSTILE_RUNS = 100;
const HOSTILE_RUNS_SHORT = 12;
const HOSTILE = ['test/program/hostile-memory.spec.js', 'test/unit/port.spec.js'];
const SHORT = ['chunk-memory', 'foreign-bytes', 'loop-in-handler', 'large-chunks', 'write'];
export async function testSanitized({ short = false, files = [], ...options } = {}) {
  process.env.IOCP_NET_HOSTILE_RUNS ??= String(short ? HOSTILE_RUNS_SHORT : HOSTILE_RUNS);
  process.env.IOCP_NET_CONTRACT ??= 'ours';
  const contract = short ? SHORT.map((name) => `test/contract/${name}.spec.js`) : ['test/contract/*.spec.js'];
  const records = await testLinux({
    ...options,
    sanitize: true,
    files: files.length > 0 ? files : [...HOSTILE, ...contract],
  });
  return records.map((record) => ({ ...record, suite: `${record.suite}, sanitizers in the addon` }));
}

if (import.meta.filename === process.argv[1]) {
  await suiteCommand(HELP, testSanitized, { short: { type: 'boolean' } });
}
