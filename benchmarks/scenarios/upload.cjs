'use strict';
// Bulk towards the server: it counts the bytes and acknowledges each message with one of its own.
const ACKNOWLEDGEMENT = Buffer.from([0]);

exports.serve = (net, { bytes }) =>
  net.createServer((socket) => {
    socket.setNoDelay(true);
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
      for (; received >= bytes; received -= bytes) socket.write(ACKNOWLEDGEMENT);
    });
  });

exports.load = ({ connections, bytes }) => [
  ...['--connections', connections],
  ...['--request-bytes', bytes],
  ...['--response-bytes', 1],
  ...['--depth', 2],
];
