'use strict';

// undici: every way of asking, connections that are kept, errors, a Unix socket, its mocks, a WebSocket's refusal.

const path = require('node:path');
const os = require('node:os');
const channels = require('node:diagnostics_channel');
const undici = require('undici');
const { mirror, listen, closedPort, print } = require('./support.cjs');

async function outcome(promise) {
  try {
    return await promise;
  } catch (error) {
    return `${error.name} ${error.code ?? error.cause?.code} ${error.message}`;
  }
}

async function main() {
  const events = [];
  for (const name of ['beforeConnect', 'connected', 'connectError'])
    channels.subscribe(`undici:client:${name}`, ({ connectParams }) =>
      events.push(`${name} ${connectParams.protocol}`),
    );
  let connections = 0;
  const { server, port } = await mirror();
  server.on('connection', () => connections++);
  const origin = `http://127.0.0.1:${port}`;

  const pool = new undici.Pool(origin, { connections: 3 });
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      pool.request({ path: `/${n}`, method: 'POST', body: 'x'.repeat(n) }).then(({ body }) => body.text()),
    ),
  );
  print(answers.join(', '), 'over', connections);

  const client = new undici.Client(origin, { pipelining: 4 });
  const big = 'y'.repeat(300_000);
  const read = async ({ body }) => (await body.text()).length;
  const lengths = await Promise.all(
    [1, 2, 3].map(() => client.request({ path: '/big', method: 'PUT', body: big }).then(read)),
  );
  print('pipelined', lengths, 'over', connections);
  const chunks = [];
  await client.stream({ path: '/stream', method: 'GET' }, () => {
    const { Writable } = require('node:stream');
    return new Writable({ write: (chunk, _, done) => done(null, chunks.push(chunk)) });
  });
  print('stream', Buffer.concat(chunks));

  const agent = new undici.Agent();
  const response = await undici.fetch(`${origin}/fetch`, { dispatcher: agent, method: 'POST', body: 'form' });
  print('fetch', response.status, await response.text());
  const abort = new AbortController();
  const slow = await mirror();
  slow.server.removeAllListeners('request');
  slow.server.on('request', () => abort.abort());
  print(
    await outcome(
      undici.request(`http://127.0.0.1:${slow.port}`, { signal: abort.signal, dispatcher: agent }),
    ),
  );
  print(
    await outcome(undici.request(`http://127.0.0.1:${slow.port}`, { headersTimeout: 50, dispatcher: agent })),
  );
  print(await outcome(undici.request(`http://127.0.0.1:${await closedPort()}`, { dispatcher: agent })));

  const local = require('node:http').createServer((_, answer) => answer.end('unix'));
  await listen(local, path.join(os.tmpdir(), `iocp-net-undici-${process.pid}`));
  const overUnix = new undici.Client('http://localhost', { socketPath: local.address() });
  print('unix', await (await overUnix.request({ path: '/', method: 'GET' })).body.text());

  const mock = new undici.MockAgent();
  mock.disableNetConnect();
  mock.get(origin).intercept({ path: '/mocked' }).reply(201, 'made up');
  const mocked = await undici.request(`${origin}/mocked`, { dispatcher: mock });
  print('mock', mocked.statusCode, await mocked.body.text());
  print(await outcome(undici.request(`${origin}/other`, { dispatcher: mock })));
  await mock.close();

  const refused = new undici.WebSocket(`ws://127.0.0.1:${port}/ws`, { dispatcher: agent });
  await new Promise((resolve) => {
    refused.onerror = () => print('websocket error');
    refused.onclose = ({ code, wasClean }) => resolve(print('websocket closed', code, wasClean));
  });

  await Promise.all([pool, client, overUnix, agent].map((each) => each.destroy()));
  for (const each of [server, slow.server, local]) each.closeAllConnections();
  for (const each of [server, slow.server, local]) each.close();
  print(events.sort().join(', '));
}

main();
