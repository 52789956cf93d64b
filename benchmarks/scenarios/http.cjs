'use strict';
// "Hello World" through http.Server, bare or under a framework; over TLS with `tls`.
const { cert, key } = require('./certificate.cjs');
const { loadModule } = require('./modules.cjs');

const BODY = 'Hello World';

function hello(_request, response) {
  response.setHeader('Content-Type', 'text/plain');
  response.end(BODY);
}

const FRAMEWORKS = {
  http: ({ tls }) =>
    tls
      ? require('node:https').createServer({ minVersion: 'TLSv1.3', cert, key }, hello)
      : require('node:http').createServer(hello),
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

exports.serve = (_net, parameters) => FRAMEWORKS[parameters.framework](parameters);

exports.load = ({ connections, tls }) => [
  ...['--connections', connections],
  ...['--http', '/'],
  ...['--body', BODY],
  ...(tls ? ['--tls', cert] : []),
];
exports.needs = ({ framework, tls }) => ({
  tls: tls === true,
  modules: framework === 'http' ? [] : [framework],
});
