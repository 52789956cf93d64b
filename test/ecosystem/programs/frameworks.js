'use strict';

// One small application per framework, on http and on https: a page, a route with a parameter, a posted body, and an
// address of the client.

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { scenario, once } = require('../support/scenario.js');

const fixture = (name) => fs.readFileSync(path.join(__dirname, '../../program/fixtures', name));
const tls = { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem') };
const local = (address) => /^(::ffff:)?127\.0\.0\.1$/.test(address);

/** Each starts a server on a free port and returns it with a function that closes it. */
const frameworks = {
  async express(secure) {
    const express = require('express');
    const app = express();
    app.use(express.json());
    app.get('/hello/:name', (request, response) =>
      response.json({ hello: request.params.name, local: local(request.ip) }),
    );
    app.post('/echo', (request, response) => response.json(request.body));
    return onServer(secure ? https.createServer(tls, app) : http.createServer(app));
  },
  async koa(secure) {
    const Koa = require('koa');
    const app = new Koa();
    app.use(async (context) => {
      if (context.method === 'POST') {
        const chunks = (await Array.fromAsync?.(context.req)) ?? (await collect(context.req));
        context.body = JSON.parse(Buffer.concat(chunks));
      } else context.body = { hello: context.path.split('/').at(-1), local: local(context.ip) };
    });
    return onServer(secure ? https.createServer(tls, app.callback()) : http.createServer(app.callback()));
  },
  async fastify(secure) {
    const app = require('fastify')(secure ? { https: tls } : {});
    app.get('/hello/:name', async (request) => ({ hello: request.params.name, local: local(request.ip) }));
    app.post('/echo', async (request) => request.body);
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { port: app.server.address().port, close: () => app.close() };
  },
  async hapi(secure) {
    const server = require('@hapi/hapi').server({
      port: 0,
      host: '127.0.0.1',
      tls: secure ? tls : undefined,
    });
    server.route({
      method: 'GET',
      path: '/hello/{name}',
      handler: (request) => ({ hello: request.params.name, local: local(request.info.remoteAddress) }),
    });
    server.route({ method: 'POST', path: '/echo', handler: (request) => request.payload });
    await server.start();
    return { port: server.info.port, close: () => server.stop() };
  },
  async nest(secure) {
    require('reflect-metadata');
    const { Controller, Get, Post, Module, Param, Body, Ip } = require('@nestjs/common');
    const { NestFactory } = require('@nestjs/core');
    class App {
      hello(name, ip) {
        return { hello: name, local: local(ip) };
      }
      echo(body) {
        return body;
      }
    }
    const method = (decorator, name) =>
      decorator(App.prototype, name, Object.getOwnPropertyDescriptor(App.prototype, name));
    Param('name')(App.prototype, 'hello', 0);
    Ip()(App.prototype, 'hello', 1);
    Body()(App.prototype, 'echo', 0);
    method(Get('/hello/:name'), 'hello');
    method(Post('/echo'), 'echo');
    Controller()(App);
    class Root {}
    Module({ controllers: [App] })(Root);
    const app = await NestFactory.create(Root, { logger: false, httpsOptions: secure ? tls : undefined });
    await app.listen(0, '127.0.0.1');
    return { port: app.getHttpServer().address().port, close: () => app.close() };
  },
};

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

async function onServer(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeIdleConnections();
    });
  return { port: server.address().port, close };
}

scenario(async ({ sample, args: [name] }) => ({
  http: await exchange(name, false, sample),
  https: await exchange(name, true, sample),
}));

async function exchange(name, secure, sample) {
  const { request, Agent } = secure ? https : http;
  const { port, close } = await frameworks[name](secure);
  const agent = new Agent({ keepAlive: true, maxSockets: 2, rejectUnauthorized: false });
  const call = async (method, route, body) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      agent,
      method,
      path: route,
      headers:
        body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length },
    });
    outgoing.end(body);
    const response = await once(outgoing, 'response');
    const text = Buffer.concat(await collect(response)).toString();
    return [response.statusCode >= 200 && response.statusCode < 300, JSON.parse(text)];
  };
  const long = Buffer.from(JSON.stringify({ text: 'ä'.repeat(40_000) }));
  const results = [await call('GET', '/hello/port')];
  sample();
  results.push(...(await Promise.all([1, 2, 3, 4, 5].map((n) => call('GET', `/hello/${n}`)))));
  results.push(await call('POST', '/echo', long));
  agent.destroy();
  await close();
  return results;
}
