'use strict';
// Small chunks that the program keeps: how much memory each of them holds on to.
exports.serve = (net) => {
  const kept = [];
  return net.createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      kept.push(chunk);
      socket.write(chunk);
    });
  });
};

exports.load = require('./echo.cjs').load;
exports.memory = {
  command: ({ messages }) => `count ${messages}`,
  units: ({ messages }) => messages,
};
