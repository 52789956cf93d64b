'use strict';
// Peers that ask for much and do not read it: the server keeps to back-pressure, and its memory must stay bounded.
const { load, serve } = require('./download.cjs');

const BYTES = 16 * 1024 * 1024;
const IGNORE_MS = 1_000;

exports.serve = (net) => serve(net, { bytes: BYTES });
exports.load = ({ connections }) => load({ connections, bytes: BYTES });
exports.memory = {
  peak: true,
  command: () => `ignore ${IGNORE_MS}`,
  units: ({ connections }) => connections,
};
