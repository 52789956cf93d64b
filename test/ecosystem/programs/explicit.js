'use strict';

// iocp-net/http without a global swap: one server and one agent on the port; https, which attach() leaves alone, and everything else on libuv.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { attach, Agent } = require('iocp-net/http');
const { engine } = require('iocp-net/engine');

const fixture = (name) => fs.readFileSync(path.join(__dirname, '../../program/fixtures', name));
const tls = { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem') };

const get = (module, options) =>
  new Promise((resolve, reject) => {
    const request = module.get({ host: '127.0.0.1', rejectUnauthorized: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });

async function main() {
  const before = Object.getOwnPropertyDescriptors(require('node:net'));
  const result = [];
  for (const [module, server, agent] of [
    [http, http.createServer(answer), new Agent({ keepAlive: true })],
    [https, https.createServer(tls, answer), new https.Agent({ keepAlive: true })],
  ]) {
    assert.equal(attach(server), server);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    assert.throws(() => attach(server), /before listen/);
    const { port } = server.address();
    result.push(
      await get(module, { port, agent, path: '/a' }),
      await get(module, { port, agent, path: '/b' }),
    );
    const { acceptedEndpoints, connectedEndpoints } = engine.counters;
    result.push([acceptedEndpoints, connectedEndpoints]);
    result.push(
      await get(module, { port, agent: false, path: '/libuv' }),
      engine.counters.connectedEndpoints,
    );
    agent.destroy();
    server.close();
    server.closeAllConnections();
  }
  assert.deepEqual(Object.getOwnPropertyDescriptors(require('node:net')), before);
  console.log(JSON.stringify(result));
}

function answer(request, response) {
  response.end(`${request.url} for ${request.socket.remoteAddress}`);
}

main();
