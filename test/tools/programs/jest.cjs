'use strict';

// jest with --detectOpenHandles, in this process, and its clock.

const path = require('node:path');
const jest = require('jest');
const { print } = require('./support.cjs');

const written = [];
const keep = (chunk, encoding, done) => {
  written.push(String(chunk));
  const call = typeof encoding === 'function' ? encoding : done;
  call?.();
  return true;
};

async function main() {
  const { write } = process.stderr;
  const { write: out } = process.stdout;
  process.stderr.write = keep;
  process.stdout.write = keep;
  const rootDir = path.join(__dirname, 'jest');
  const config = JSON.stringify({ rootDir, testEnvironment: 'node', transform: {} });
  const { results } = await jest.runCLI(
    {
      config,
      runInBand: true,
      detectOpenHandles: true,
      cache: false,
      watchman: false,
      ci: true,
      $0: 'jest',
      _: [],
    },
    [rootDir],
  );
  process.stderr.write = write;
  process.stdout.write = out;
  print(results.numPassedTests, 'passed', results.numFailedTests, 'failed');
  for (const { testResults, failureMessage } of results.testResults) {
    for (const { title, status } of testResults) print(status, title);
    if (failureMessage) print(failureMessage);
  }
  const handles = results.openHandles;
  print('open', handles.length);
  for (const handle of handles) print(handle.name, handle.message, '\n', ownFrames(handle.stack));
  for (const line of written
    .join('')
    .split('\n')
    .filter((each) => /called \d/.test(each)))
    print(line.trim());
  process.exit();
}

const ownFrames = (stack) =>
  stack
    .split('\n')
    .filter((line) => line.includes(`${path.sep}jest${path.sep}`) && line.includes('.test.js'))
    .join('\n');

main();
