'use strict';
// "Hello World" through http.Server, bare or under a framework; over TLS with `tls`; to requests with a body of `post` bytes.
const { cert, key } = require('./certificate.cjs');
const { loadModule } = require('./modules.cjs');

const BODY = 'Hello World';

function hello(_request, response) {
  response.setHeader('Content-Type', 'text/plain');
  response.end(BODY);
}

/** Answers when the body is there. */
function helloAfterBody(request, response) {
  let bytes = 0;
  request.on('data', (piece) => {
    bytes += piece.length;
  });
  request.on('end', () => {
    if (bytes !== Number(request.headers['content-length'])) throw new Error(`a body of ${bytes} bytes`);
    hello(request, response);
  });
}

const FRAMEWORKS = {
  http: ({ tls, post }) =>
    tls
      ? require('node:https').createServer({ minVersion: 'TLSv1.3', cert, key }, hello)
      : require('node:http').createServer(post === undefined ? hello : helloAfterBody),
  express() {
    const app = loadModule('express')();
    app.get('/', (_request, response) => response.send(BODY));
    return require('node:http').createServer(app);
  },
  async fastify() {
    const app = loadModule('fastify')();
    app.get('/', async () => BODY);
    await app.ready();
    return app.server;
  },
};

// While the others are measured, connections are idle for longer than the 5 s that they are kept by default. The timer
// itself stays, as it is part of a request.
const KEEP_ALIVE_MS = 3_600_000;

exports.serve = async (_net, parameters) => {
  const server = await FRAMEWORKS[parameters.framework](parameters);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
};
exports.KEEP_ALIVE_MS = KEEP_ALIVE_MS;

exports.load = ({ connections, tls, post }) => [
  ...['--connections', connections],
  ...['--http', '/'],
  ...['--body', BODY],
  ...(post === undefined ? [] : ['--post', post]),
  ...(tls ? ['--tls', cert] : []),
];
exports.needs = ({ framework, tls }) => ({
  tls: tls === true,
  modules: framework === 'http' ? [] : [framework],
});
