'use strict';

// What an error shows on the console: its first line is node:net's, and few frames of the inside follow.

const assert = require('node:assert/strict');
const { differential } = require('../support/contract.js');
const { listening, close, closed, noteClose, when } = require('../support/sockets.js');

const FRAMES_MAX = 2; // as many as node:net has
const NOWHERE = process.platform === 'win32' ? '\\\\.\\pipe\\nowhere' : '/nowhere/at/all';
const addresses = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

function firstLine({ stack }) {
  const [line, ...all] = stack.split('\n');
  // Where async hooks have been used in this process, Node calls each handle through a function of theirs.
  const frames = all.filter((frame) => !frame.includes('node:internal/async_hooks'));
  assert.ok(frames.length <= FRAMES_MAX, stack);
  return line;
}

differential(
  'stacks of errors',
  ({ same }) => {
    const errorOf = async (net, options) => {
      const [error] = await when(net.connect(options), 'error');
      return error;
    };

    same('a refused connection', async (net) => [
      firstLine(await errorOf(net, { port: 1, host: '127.0.0.1' })),
    ]);

    same('a path where nobody listens', async (net) => [firstLine(await errorOf(net, { path: NOWHERE }))]);

    same('several attempts', async (net) => {
      const lookup = (_host, _options, found) => found(null, addresses);
      const error = await errorOf(net, { port: 1, host: 'several', lookup });
      return [error, ...error.errors].map(firstLine);
    });

    same('a reset, while the limit stays what it was', async (net) => {
      const before = Error.stackTraceLimit;
      const server = await listening(net, {}, (accepted) => noteClose(accepted).on('error', () => {}));
      const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
      const [[accepted]] = await Promise.all([when(server, 'connection'), when(client, 'connect')]);
      accepted.resetAndDestroy();
      const [error] = await when(client, 'error');
      await Promise.all([closed(client), closed(accepted), close(server)]);
      return [firstLine(error), Error.stackTraceLimit === before];
    });
  },
  { traffic: false },
);
