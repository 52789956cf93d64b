'use strict';
// Many small writes in answer to one request, corked or not.
const { counting } = require('./counting.cjs');

const REQUEST_BYTES = 16;
const WRITE_BYTES = 64;

exports.serve = (net, { writes, corked }) => {
  const answer = counting(writes * WRITE_BYTES);
  const parts = Array.from({ length: writes }, (_, n) =>
    answer.subarray(n * WRITE_BYTES, (n + 1) * WRITE_BYTES),
  );
  return net.createServer((socket) => {
    socket.setNoDelay(true);
    let requested = 0;
    socket.on('data', ({ length }) => {
      requested += length;
      for (; requested >= REQUEST_BYTES; requested -= REQUEST_BYTES) {
        if (corked) socket.cork();
        for (const part of parts) socket.write(part);
        if (corked) socket.uncork();
      }
    });
  });
};

exports.load = ({ connections, writes }) => [
  ...['--connections', connections],
  ...['--request-bytes', REQUEST_BYTES],
  ...['--response-bytes', writes * WRITE_BYTES],
];
