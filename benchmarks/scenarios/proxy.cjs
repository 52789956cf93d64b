'use strict';
// A proxy: for each connection one to the backend, and pipe() both ways. The backend is the floor, in a process of its
// own whose time does not count.
exports.backend = () => ({ transport: 'floor', scenario: 'echo', parameters: {} });

exports.serve = (net, _parameters, { backend }) =>
  net.createServer((socket) => {
    const upstream = net.connect(backend.port, '127.0.0.1');
    for (const one of [socket, upstream]) one.setNoDelay(true);
    socket.pipe(upstream).pipe(socket);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });

exports.load = require('./echo.cjs').load;
