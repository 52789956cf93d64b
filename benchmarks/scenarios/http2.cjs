'use strict';
// "Hello World" through node:http2, in clear text or over TLS; `depth` streams in flight on each connection.
const { cert, key } = require('./certificate.cjs');

const BODY = 'Hello World';

function onStream(stream) {
  stream.respond({ ':status': 200, 'content-type': 'text/plain' });
  stream.end(BODY);
}

exports.serve = (_net, { tls }) => {
  const http2 = require('node:http2');
  const server = tls ? http2.createSecureServer({ minVersion: 'TLSv1.3', cert, key }) : http2.createServer();
  return server.on('stream', onStream);
};

exports.load = ({ connections, depth = 1, tls }) => [
  ...['--connections', connections],
  ...['--depth', depth],
  ...['--http2', '/'],
  ...['--body', BODY],
  ...(tls ? ['--tls', cert] : []),
];
exports.needs = ({ tls }) => ({ tls: tls === true });
