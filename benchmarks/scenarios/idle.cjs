'use strict';
// Open connections that do nothing, after one round trip each: what each of them costs in memory.
const { serve, load } = require('./echo.cjs');

exports.serve = serve;
exports.load = ({ connections }) => load({ connections, bytes: 64 });
exports.memory = {
  command: ({ connections }) => `count ${connections}`,
  units: ({ connections }) => connections,
};
