'use strict';

// vitest in its worker processes, with its clock and spies.

const path = require('node:path');
const { print } = require('./support.cjs');

async function main() {
  const { startVitest } = await import('vitest/node');
  const lines = [];
  const vitest = await startVitest(
    'test',
    [],
    {
      root: path.join(__dirname, 'vitest'),
      watch: false,
      pool: 'forks',
      config: false,
      include: ['*.test.mjs'],
      reporters: [{ onUserConsoleLog: ({ content }) => lines.push(content.trim()) }],
    },
    {},
  );
  for (const module of vitest.state.getTestModules())
    for (const test of module.children.allTests()) {
      const { state, errors } = test.result();
      print(state, test.name, (errors ?? []).map(({ message }) => message).join());
    }
  for (const line of lines) print(line);
  await vitest.close();
  process.exit(); // the failing test's code stays
}

main();
