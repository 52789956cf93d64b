'use strict';
// Round trips through node:tls. A key that both sides know stands in for a certificate; records are encrypted all the
// same. The load generator knows no TLS, so the load comes from node:tls on node:net in a process of its own.
const path = require('node:path');

const IDENTITY = 'bench';
const KEY = Buffer.from('0123456789abcdef');

exports.options = {
  ciphers: 'PSK-AES128-GCM-SHA256',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
};
exports.clientKey = () => ({ identity: IDENTITY, psk: KEY });

exports.serve = () =>
  require('node:tls').createServer({ ...exports.options, pskCallback: () => KEY }, (socket) => {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => socket.write(chunk));
  });

exports.load = ({ connections, bytes }) => ['--connections', connections, '--request-bytes', bytes];
exports.program = () => ({
  file: process.execPath,
  args: [path.join(__dirname, '..', 'server', 'tls-load.cjs')],
});
