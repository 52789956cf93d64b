'use strict';
// Round trips through node:tls: TLS 1.3, what comes is sent back.
const { cert, key } = require('./certificate.cjs');

exports.serve = () =>
  require('node:tls').createServer({ minVersion: 'TLSv1.3', cert, key }, (socket) => {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => socket.write(chunk));
  });

exports.load = ({ connections, bytes }) => [
  ...['--connections', connections],
  ...['--request-bytes', bytes],
  ...['--tls', cert],
];
exports.needs = () => ({ tls: true });
