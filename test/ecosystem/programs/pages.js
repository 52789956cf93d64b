'use strict';

// What a browser loads: an Express page with 100 assets and a WebSocket echo over http, and a page over HTTP/2.

const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const path = require('node:path');
const express = require('express');
const { WebSocketServer } = require('ws');
const { scenario, listening } = require('../support/scenario.js');

const ASSETS = 100;
const fixture = (name) => fs.readFileSync(path.join(__dirname, '../../program/fixtures', name));
const numbers = Array.from({ length: ASSETS }, (_, n) => n);
const assetBytes = (n) => 200 + n * 300;

const page = `<!doctype html><title>page</title><script>window.loaded = 0; window.failed = [];</script>
${numbers.map((n) => `<script src="/asset/${n}.js" onerror="failed.push(${n})"></script>`).join('\n')}
<script>
  const socket = new WebSocket('ws://' + location.host + '/echo');
  window.echo = new Promise((resolve, reject) => {
    const received = [];
    socket.onopen = () => { for (let i = 0; i < 20; i++) socket.send('message ' + i); };
    socket.onmessage = ({ data }) => { if (received.push(data) === 20) { socket.close(); resolve(received); } };
    socket.onerror = () => reject(new Error('socket'));
  });
</script>`;

const secondPage = `<!doctype html><title>second</title><script>
  window.all = Promise.all(Array.from({ length: ${ASSETS} }, async (_, n) => {
    const response = await fetch('/asset/' + n, n % 10 ? {} : { method: 'POST', body: 'b'.repeat(20000) });
    return (await response.text()).length;
  }));
</script>`;

scenario(async ({ sample, ask }) => {
  const app = express();
  let assets = 0;
  app.get('/', (request, response) => response.type('html').send(page));
  app.get('/asset/:name', (request, response) => {
    assets++;
    const n = Number.parseInt(request.params.name, 10);
    response.type('js').send(`window.loaded++; /* ${'x'.repeat(assetBytes(n))} */`);
  });
  app.get('/favicon.ico', (request, response) => response.status(204).end());
  const server = http.createServer(app);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    sample();
    socket.on('message', (data) => socket.send(String(data)));
  });

  const versions = new Set();
  const tls = { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem'), allowHTTP1: true };
  const secure = http2.createSecureServer(tls, (request, response) => {
    versions.add(request.httpVersion);
    if (request.method === 'POST') request.pipe(response);
    else if (request.url === '/') {
      response.setHeader('content-type', 'text/html');
      response.end(secondPage);
    } else response.end('y'.repeat(assetBytes(Number(request.url.split('/').at(-1)) || 0)));
  });
  const ports = [await listening(server), await listening(secure)];
  const { done } = await ask(JSON.stringify(ports));
  sockets.close();
  server.close();
  server.closeAllConnections();
  secure.close();
  return { browser: done, assets, versions: [...versions] };
});
