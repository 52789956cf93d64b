'use strict';
// A reverse proxy: each request is made again to the backend, on a connection that is kept alive, and the response is
// piped back. The backend is http.Server on node:net, in a process of its own whose time does not count.
const { load, KEEP_ALIVE_MS } = require('./http.cjs');

exports.backend = () => ({ transport: 'node:net', scenario: 'http', parameters: { framework: 'http' } });

exports.serve = (_net, { connections }, { backend }) => {
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const server = http.createServer((request, response) => {
    const { method, url, headers } = request;
    const upstream = http.request({
      agent,
      port: backend.port,
      host: '127.0.0.1',
      method,
      path: url,
      headers,
    });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', (error) => response.destroy(error));
    request.pipe(upstream);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
};

exports.load = load;
