'use strict';
// Both directions at once: large messages, sent back by socket.pipe(socket) with its back-pressure. Without Nagle's
// algorithm, whose wait for the peer's delayed acknowledgement (40 ms) falls on the end of each message or of none.
exports.serve = (net) => net.createServer((socket) => socket.setNoDelay(true).pipe(socket));

exports.load = ({ connections, bytes }) => ['--connections', connections, '--request-bytes', bytes];
