// A reporter of node:test that appends one line for each event at once.
import fs from 'node:fs';
import { inspect } from 'node:util';

const file = process.env.IOCP_NET_FOREIGN_RECORDS;

function write(record) {
  fs.appendFileSync(file, `${JSON.stringify(record)}\n`);
}

function statusOf(type, data) {
  if (data.skip !== undefined && data.skip !== false) return 'skip';
  if (data.todo !== undefined && data.todo !== false) return 'todo';
  if (type === 'test:pass') return 'pass';
  // The tests inside are reported by themselves.
  return data.details?.error?.failureType === 'subtestsFailed' ? 'inner' : 'fail';
}

export default async function* foreignReporter(source) {
  const names = [];
  for await (const { type, data } of source) {
    if (type !== 'test:start' && type !== 'test:pass' && type !== 'test:fail') continue;
    names.length = data.nesting;
    names[data.nesting] = data.name;
    const test = names.join(' > ');
    if (type === 'test:start') {
      write({ event: 'start', test });
      continue;
    }
    const status = statusOf(type, data);
    if (data.details?.type === 'suite' && status !== 'fail') continue;
    const cause = data.details?.error?.cause ?? data.details?.error;
    write({ event: 'end', test, status, error: cause && inspect(cause).slice(0, 2000) });
    yield '';
  }
}
