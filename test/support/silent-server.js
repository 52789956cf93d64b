'use strict';

// A server that does not answer: another process listens with a short queue and never comes back to its loop, the
// queue is filled, and on Linux every further connection stays where the caller waits. (Windows refuses it instead.)

const { spawn } = require('node:child_process');
const net = require('node:net');
const { when } = require('./sockets.js');

const QUEUE_LENGTH = 2; // Linux takes backlog + 1

async function silentServer() {
  const child = spawn(
    process.execPath,
    [
      '-e',
      `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: ${QUEUE_LENGTH - 1} }, () => {
        require('node:fs').writeSync(1, server.address().port + '\\n');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await when(child.stdout, 'data');
  const port = Number(line);
  const fillers = [];
  for (let i = 0; i < QUEUE_LENGTH; i++) {
    const filler = net.connect(port, '127.0.0.1');
    fillers.push(filler);
    await when(filler, 'connect');
  }
  const stop = async () => {
    const ends = [when(child, 'close')];
    for (const filler of fillers) {
      ends.push(when(filler, 'close'));
      filler.on('error', () => {}).destroy();
    }
    child.kill('SIGKILL');
    await Promise.all(ends);
  };
  return { port, stop };
}

module.exports = { silentServer };
