'use strict';
// Connect, one round trip, close; `connections` at a time, one after the other or in bursts.
exports.serve = require('./echo.cjs').serve;

exports.load = ({ connections, bytes, burst }) => [
  ...['--connections', connections],
  ...['--request-bytes', bytes],
  burst ? '--burst' : '--churn',
];
