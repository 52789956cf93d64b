'use strict';
// Round trips through node:tls. The load generator knows no TLS, so the load comes from node:tls on node:net in a process
// of its own.
const path = require('node:path');

// For localhost, signed by itself; it protects nothing.
const cert = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUCYX2d6EoN2Hbf04OTfRmOb3SeGUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjAzNTIyN1oYDzIxMjYxMTAy
MDM1MjI3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARVK6ImwSICYzOm3kIbFvVOGT7Qjtsf9B89mpQK0QnF/JyYGVtLBKBb
vHt6YhU3+mhUIgOVlYFALxIVuAtkvwAzo28wbTAdBgNVHQ4EFgQUVEazu3VP2/Dq
8n33i8ZZ/D25uhIwHwYDVR0jBBgwFoAUVEazu3VP2/Dq8n33i8ZZ/D25uhIwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgGFDchZi0Vhi3yHOE+ZduyRkLoM6HSvyC85u2/jDzcOwCIHjh
N1cEv1OmR4TzB6PvBzHbjUNaS6YjEH2hMgNj6TM4
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJyDZ5tw+1XR/hcdJ
dKFzaFR9MxbCZjGNsuwFnWXWRSWhRANCAARVK6ImwSICYzOm3kIbFvVOGT7Qjtsf
9B89mpQK0QnF/JyYGVtLBKBbvHt6YhU3+mhUIgOVlYFALxIVuAtkvwAz
-----END PRIVATE KEY-----`;

const options = { minVersion: 'TLSv1.3' };
exports.clientOptions = { ...options, ca: cert, servername: 'localhost' };

exports.serve = () =>
  require('node:tls').createServer({ ...options, cert, key }, (socket) => {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => socket.write(chunk));
  });

exports.load = ({ connections, bytes }) => ['--connections', connections, '--request-bytes', bytes];
exports.program = () => ({
  file: process.execPath,
  args: [path.join(__dirname, '..', 'server', 'tls-load.cjs')],
});
