'use strict';
// Round trips: what comes is sent back.
exports.serve = (net) =>
  net.createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => socket.write(chunk));
  });

exports.load = ({ connections, bytes, depth = 1 }) => [
  ...['--connections', connections],
  ...['--request-bytes', bytes],
  ...['--depth', depth],
];
