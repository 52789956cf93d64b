'use strict';

// @mswjs/interceptors: sockets of net claimed and let through, requests of http and fetch answered and watched.

const net = require('node:net');
const { SocketInterceptor } = require('@mswjs/interceptors/net');
const { HttpRequestInterceptor } = require('@mswjs/interceptors/http');
const { mirror, echo, ask, exchange, closedPort, print } = require('./support.cjs');

/** Every event of a socket that is answered by the interceptor, in its order. */
function traced(options, line) {
  const trace = [];
  const socket = net.connect(options);
  for (const name of ['lookup', 'connectionAttempt', 'connect', 'ready', 'end', 'error', 'close'])
    socket.on(name, (detail) => trace.push(name === 'error' ? `error ${detail.code}` : name));
  socket.setEncoding('utf8').on('data', (text) => trace.push(text));
  socket.on('connect', () => socket.write(line));
  socket.on('data', () => socket.destroy());
  return new Promise((resolve) => socket.on('close', () => setImmediate(resolve, trace.join(' '))));
}

async function sockets() {
  const { server, port } = await echo();
  const interceptor = new SocketInterceptor();
  interceptor.apply();
  interceptor.on('connection', ({ socket, connectionOptions, controller }) => {
    if (connectionOptions.port === port) return controller.passthrough();
    controller.claim();
    socket.on('data', (chunk) => socket.write(`<${chunk}>`));
    socket.on('end', () => socket.end());
  });
  print('claimed', await traced({ host: '127.0.0.1', port: 9 }, 'one'));
  print('by name', await traced({ host: 'mocked.test', port: 9 }, 'two'));
  print('through', await traced({ host: '127.0.0.1', port }, 'three'));
  interceptor.dispose();
  print('after', await traced({ host: '127.0.0.1', port }, 'four'));
  print('refused', await traced({ host: '127.0.0.1', port: await closedPort() }, 'five'));
  print(await exchange({ host: '127.0.0.1', port }, 'six'));
  server.close();
}

async function requests() {
  const { server, port } = await mirror();
  const interceptor = new HttpRequestInterceptor();
  interceptor.apply();
  interceptor.on('request', async ({ request, controller }) => {
    const url = new URL(request.url);
    if (url.pathname === '/mocked')
      controller.respondWith(new Response(`for ${await request.clone().text()}`));
    if (url.pathname === '/torn') controller.errorWith(Object.assign(new Error('torn'), { code: 'ETORN' }));
  });
  const seen = [];
  interceptor.on('response', ({ request, response }) =>
    seen.push(`${response.status} ${new URL(request.url).pathname}`),
  );
  for (const path of ['/mocked', '/torn', '/through'])
    print(await ask({ host: '127.0.0.1', port, path, method: 'POST' }, 'body'));
  print(await ask({ host: 'mocked.test', path: '/mocked', method: 'POST' }, 'by name'));
  print(await (await fetch(`http://127.0.0.1:${port}/mocked`, { method: 'POST', body: 'fetch' })).text());
  print(await (await fetch(`http://127.0.0.1:${port}/through`)).text());
  interceptor.dispose();
  print(await ask({ host: '127.0.0.1', port, path: '/mocked' }));
  print(seen.join(', '));
  server.closeAllConnections();
  server.close();
}

sockets().then(requests);
