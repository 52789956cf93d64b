'use strict';

// msw: handlers for node:http and fetch, requests that pass, a WebSocket that is made up, and its events.

const { http, ws, HttpResponse, passthrough } = require('msw');
const { setupServer } = require('msw/node');
const { mirror, ask, print } = require('./support.cjs');

async function main() {
  const { server, port } = await mirror();
  const chat = ws.link('ws://mocked.test/chat');
  const worker = setupServer(
    http.get('http://mocked.test/user', () => HttpResponse.json({ name: 'made up' })),
    http.post('http://mocked.test/echo', async ({ request }) => new HttpResponse(await request.text())),
    http.get('http://mocked.test/torn', () => HttpResponse.error()),
    http.get('http://mocked.test/throws', () => {
      throw new Error('of the handler');
    }),
    http.get(`http://127.0.0.1:${port}/pass`, () => passthrough()),
    chat.addEventListener('connection', ({ client }) =>
      client.addEventListener('message', ({ data }) => client.send(`heard ${data}`)),
    ),
  );
  const events = [];
  for (const name of [
    'request:start',
    'request:match',
    'request:unhandled',
    'response:mocked',
    'response:bypass',
  ])
    worker.events.on(name, ({ request }) => events.push(`${name} ${new URL(request.url).pathname}`));
  worker.listen({ onUnhandledRequest: 'bypass' });

  print(await ask({ host: 'mocked.test', path: '/user' }));
  print(await (await fetch('http://mocked.test/user')).text());
  print(await ask({ host: 'mocked.test', path: '/echo', method: 'POST' }, 'e'.repeat(100)));
  print(await ask({ host: 'mocked.test', path: '/torn' }));
  print(await fetch('http://mocked.test/torn').catch((error) => `${error.name} ${error.message}`));
  print((await ask({ host: 'mocked.test', path: '/throws' })).slice(0, 50));
  print(await ask({ host: '127.0.0.1', port, path: '/pass' }));
  print(await ask({ host: '127.0.0.1', port, path: '/unhandled', method: 'PUT' }, 'body'));
  print(await (await fetch(`http://127.0.0.1:${port}/pass`)).text());
  await new Promise((resolve) => {
    const socket = new WebSocket('ws://mocked.test/chat');
    socket.onopen = () => socket.send('a word');
    socket.onmessage = ({ data }) => {
      print(data);
      socket.close();
    };
    socket.onclose = ({ code }) => resolve(print('closed', code));
  });
  worker.close();
  print(await ask({ host: '127.0.0.1', port, path: '/after' }));
  server.closeAllConnections();
  server.close();
  print(events.join('\n'));
}

main();
