'use strict';

// A reporter of mocha that appends one line for each event at once: what a crash leaves is what was known until then.

const fs = require('node:fs');
const path = require('node:path');

const file = process.env.IOCP_NET_FOREIGN_RECORDS;

function write(event, test, more) {
  const source = test.file ? path.relative(process.cwd(), test.file).replaceAll('\\', '/') : undefined;
  fs.appendFileSync(file, `${JSON.stringify({ event, file: source, test: test.fullTitle(), ...more })}\n`);
}

module.exports = function ForeignReporter(runner) {
  runner.on('test', (test) => write('start', test));
  runner.on('pass', (test) => write('end', test, { status: 'pass' }));
  runner.on('pending', (test) => write('end', test, { status: 'skip' }));
  runner.on('fail', (test, error) => {
    write('end', test, { status: 'fail', error: String(error?.stack ?? error).slice(0, 2000) });
  });
};
