'use strict';
// Both directions at once: large messages, sent back by socket.pipe(socket) with its back-pressure.
exports.serve = (net) => net.createServer((socket) => socket.pipe(socket));

exports.load = ({ connections, bytes }) => ['--connections', connections, '--request-bytes', bytes];
