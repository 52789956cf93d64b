'use strict';
// Bulk from the server: each request is answered in chunks of 64 KiB, as far as back-pressure allows.
const { counting } = require('./counting.cjs');

const REQUEST_BYTES = 16;
const CHUNK_BYTES = 64 * 1024;
const CHUNK = counting(CHUNK_BYTES);

exports.serve = (net, { bytes }) =>
  net.createServer((socket) => {
    socket.setNoDelay(true);
    let requested = 0;
    let chunks = 0;
    const pump = () => {
      while (chunks > 0) {
        chunks--;
        if (!socket.write(CHUNK)) {
          socket.once('drain', pump);
          return;
        }
      }
    };
    socket.on('data', ({ length }) => {
      const idle = chunks === 0;
      requested += length;
      for (; requested >= REQUEST_BYTES; requested -= REQUEST_BYTES) chunks += bytes / CHUNK_BYTES;
      if (idle && !socket.writableNeedDrain) pump();
    });
  });

exports.load = ({ connections, bytes }) => [
  ...['--connections', connections],
  ...['--request-bytes', REQUEST_BYTES],
  ...['--response-bytes', bytes],
];
