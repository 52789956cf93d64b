'use strict';

// prom-client: its metrics of handles, resources and requests, while servers and sockets are open and after their end.

const net = require('node:net');
const prom = require('prom-client');
const { listen, print, mirror, ask, calm } = require('./support.cjs');

prom.collectDefaultMetrics();

// The standard streams are handles from their first use on, whoever uses them first.
const standard = [process.stdout, process.stderr];

async function metrics(title) {
  const lines = [];
  for (const name of ['nodejs_active_handles', 'nodejs_active_resources', 'nodejs_active_requests']) {
    // They are pipes here and terminals there.
    for (const { labels, value } of (await prom.register.getSingleMetric(name).get()).values)
      if (labels.type !== 'PipeWrap' && labels.type !== 'TTYWrap')
        lines.push(`${name} ${labels.type} ${value}`);
    lines.push(
      `${name}_total ${(await prom.register.getSingleMetric(`${name}_total`).get()).values[0].value}`,
    );
  }
  print(`${title}, ${standard.length} standard streams\n${lines.sort().join('\n')}`);
}

async function main() {
  const accepted = [];
  const server = net.createServer((socket) => accepted.push(socket.on('error', () => {})));
  const port = await listen(server);
  const clients = [1, 2, 3].map(() => net.connect(port, '127.0.0.1'));
  await Promise.all(clients.map((each) => new Promise((resolve) => each.once('connect', resolve))));
  await calm();
  const connecting = net.connect(port, '127.0.0.1');
  await new Promise((resolve) => process.nextTick(resolve));
  await metrics('connecting');
  await new Promise((resolve) => connecting.once('connect', resolve));
  await calm();
  await metrics('open');

  // Asked over HTTP, as it is in use.
  const web = await mirror();
  web.server.removeAllListeners('request');
  web.server.on('request', async (_, response) => response.end(await prom.register.metrics()));
  const text = await ask({ host: '127.0.0.1', port: web.port, path: '/metrics' });
  for (const line of text.split('\n').filter((each) => /^nodejs_active.*TCP/i.test(each))) print(line);

  for (const each of [...clients, connecting, ...accepted]) each.destroy();
  web.server.closeAllConnections();
  await Promise.all([server, web.server].map((each) => new Promise((resolve) => each.close(resolve))));
  await calm();
  await metrics('ended');
}

main();
