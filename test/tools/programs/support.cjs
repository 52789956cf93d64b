'use strict';

// What the programs share: servers on the loopback, a request, and texts without what differs from run to run.

const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');

async function listen(server, ...where) {
  server.listen(...(where.length > 0 ? where : [0, '127.0.0.1']));
  await once(server, 'listening');
  return server.address().port;
}

/** An HTTP server that answers with the method, the path and the body. `asked` is called with each request. */
async function mirror(asked = () => {}) {
  const server = http.createServer((request, response) => {
    asked(request);
    let body = '';
    request.setEncoding('utf8').on('data', (text) => (body += text));
    request.on('end', () => {
      response.end(`${request.method} ${request.url} ${body}`.trimEnd());
    });
  });
  return { server, port: await listen(server) };
}

/** A server that sends back what it gets. */
async function echo() {
  const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
  return { server, port: await listen(server) };
}

/** One request with node:http: 'status body', or the error's code. */
function ask(options, body = '') {
  return new Promise((resolve) => {
    const request = http.request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
    });
    request.on('error', (error) => resolve(`error ${error.code ?? error.message}`));
    request.end(body);
  });
}

/** Sends a line over a socket of net and reads the answer up to the end. */
function exchange(options, line) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(options, () => socket.end(line));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    socket.on('error', reject).on('close', () => resolve(text));
  });
}

/** A port on which nobody listens. */
async function closedPort() {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const CALM_TURNS = 10;
const TURN_MS = 5;

/** Lets what is under way end: in turns of the loop, each of which looks for events, not in time alone. */
async function calm() {
  for (let turn = 0; turn < CALM_TURNS; turn++) await new Promise((resolve) => setTimeout(resolve, TURN_MS));
}

/** Ports, paths, durations and ids as words. */
function plain(text) {
  return String(text)
    .replaceAll(__dirname, '')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/localhost:\d+/g, 'localhost:PORT')
    .replace(/\[?::1\]?:\d+/g, '[::1]:PORT');
}

const print = (...parts) => console.log(plain(parts.join(' ')));

module.exports = { listen, mirror, echo, ask, exchange, closedPort, calm, plain, print };
