'use strict';
// "Hello World" through http.Server, bare or under a framework.
const { createRequire } = require('node:module');
const path = require('node:path');

const BODY = 'Hello World';

/** Frameworks are the user's own, if installed where the suite was started; else this repository's. */
function load(name) {
  return createRequire(path.join(process.cwd(), 'bench.js'))(name);
}

const FRAMEWORKS = {
  http() {
    return require('node:http').createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/plain');
      response.end(BODY);
    });
  },
  express() {
    const app = load('express')();
    app.get('/', (_request, response) => response.send(BODY));
    return require('node:http').createServer(app);
  },
  async fastify() {
    const app = load('fastify')();
    app.get('/', async () => BODY);
    await app.ready();
    return app.server;
  },
};

exports.serve = (_net, { framework }) => FRAMEWORKS[framework]();

exports.load = ({ connections }) => ['--connections', connections, '--http', '/', '--body', BODY];
