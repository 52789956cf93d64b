'use strict';

// New Relic's agent, without a connection to anything: the segments of transactions, net.Server.onconnection among them.

Object.assign(process.env, {
  NEW_RELIC_NO_CONFIG_FILE: 'true',
  NEW_RELIC_APP_NAME: 'program',
  NEW_RELIC_LICENSE_KEY: 'a'.repeat(40),
  NEW_RELIC_SERVERLESS_MODE_ENABLED: 'true',
  NEW_RELIC_LOG_ENABLED: 'false',
  NEW_RELIC_PIPE_NAME: '/dev/null',
});
const newrelic = require('newrelic');
const net = require('node:net');
const { mirror, ask, exchange, listen, calm, print } = require('./support.cjs');

const transactions = [];
newrelic.agent.on('transactionFinished', (transaction) => transactions.push(transaction));

function printSegments(transaction) {
  const { root } = transaction.trace;
  const walk = (segment, depth) => {
    print(`${'  '.repeat(depth)}${segment.name}`);
    const children = transaction.trace.getChildren(segment.id);
    for (const child of [...children].sort((a, b) => (a.name < b.name ? -1 : 1))) walk(child, depth + 1);
  };
  print('transaction', transaction.getFullName());
  walk(root, 1);
}

const background = (name, body) => newrelic.startBackgroundTransaction(name, body);

async function main() {
  const { server, port } = await mirror();
  await background('requests', async () => {
    print(await ask({ host: '127.0.0.1', port, path: '/get' }));
    print(await ask({ host: '127.0.0.1', port, path: '/post', method: 'POST' }, 'body'));
  });
  await background('a server', async () => {
    const seen = [];
    const within = net.createServer((socket) => {
      seen.push(`connection ${newrelic.getTransaction().traceId !== undefined}`);
      newrelic.startSegment('in the handler', true, () => socket.end('hello'));
      socket.resume();
    });
    const at = await listen(within);
    print(await exchange({ host: '127.0.0.1', port: at }, 'x'));
    print(await exchange({ host: '127.0.0.1', port: at }, 'y'));
    await new Promise((resolve) => within.close(resolve));
    print(seen.join(', '));
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await calm();
  const named = transactions.sort((a, b) => (a.getFullName() < b.getFullName() ? -1 : 1));
  for (const transaction of named) printSegments(transaction);
  process.exit();
}

main();
