'use strict';

// HTTP clients of the ecosystem, against a server of the same program.

const http = require('node:http');
const { scenario, listening } = require('../support/scenario.js');

const clients = {
  async axios() {
    const axios = require('axios');
    const agent = new http.Agent({ keepAlive: true });
    return {
      get: async (url) => (await axios.get(url, { httpAgent: agent })).data,
      post: async (url, body) => (await axios.post(url, body, { httpAgent: agent })).data,
      close: () => agent.destroy(),
    };
  },
  async got() {
    const { default: got } = await import('got');
    const agent = { http: new http.Agent({ keepAlive: true }) };
    return {
      get: (url) => got(url, { agent }).text(),
      post: (url, body) => got.post(url, { agent, body }).text(),
      close: () => agent.http.destroy(),
    };
  },
  async undici() {
    const { Agent, request } = require('undici');
    // Not verified on Windows: under Wine node:net fails to connect a socket whose keep-alive was set before.
    const plain = !process.execArgv.includes('iocp-net/register');
    const keepAlive = process.platform !== 'win32' || !plain;
    const dispatcher = new Agent({ connections: 4, connect: { keepAlive } });
    return {
      get: async (url) => (await request(url, { dispatcher })).body.text(),
      post: async (url, body) => (await request(url, { dispatcher, method: 'POST', body })).body.text(),
      close: () => dispatcher.close(),
    };
  },
  async http() {
    const send = (method) => (url, body) =>
      new Promise((resolve, reject) => {
        http
          .request(url, { method }, (response) => {
            let text = '';
            response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
            response.on('end', () => resolve(text));
          })
          .on('error', reject)
          .end(body);
      });
    return { get: send('GET'), post: send('POST'), close() {} };
  },
};

scenario(async ({ sample, args: [name] }) => {
  const server = http.createServer((request, response) => {
    if (request.method === 'POST') request.pipe(response);
    else response.end(`you asked for ${request.url}`);
  });
  const url = `http://127.0.0.1:${await listening(server)}`;
  const client = await clients[name]();
  const results = [await client.get(`${url}/first`)];
  sample();
  results.push(...(await Promise.all([1, 2, 3, 4, 5, 6].map((n) => client.get(`${url}/${n}`)))));
  results.push(await client.post(`${url}/echo`, 'x'.repeat(300_000)));
  await client.close();
  server.close();
  server.closeAllConnections();
  return results;
});
