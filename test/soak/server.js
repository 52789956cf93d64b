'use strict';

// Sends back whatever comes, from this thread and from a worker that is terminated under load, while child processes
// between fork and exec hold every descriptor. Between the rounds it says what is left.

const net = require('node:net');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { engine } = require('iocp-net/engine');
const { leftOver } = require('./left-over.js');

const BACKLOG = 4096;
const HELD_MS = 400;

const echo = () =>
  net.createServer((socket) => {
    socket.on('error', () => {}); // clients that leave are the client's to judge
    socket.pipe(socket);
  });

function listen(server) {
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => resolve(server.address().port));
  });
}

async function serveInWorker() {
  parentPort.postMessage(await listen(echo()));
}

/** A worker with a server of its own, until it is terminated. */
async function startWorker() {
  const worker = new Worker(__filename);
  const port = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { worker, port };
}

async function main() {
  const { replaceWorkerMs, holdMs } = JSON.parse(process.argv[2]);
  const helper = holdMs > 0 ? require('../support/test-addon.js').helper : undefined;
  const server = echo();
  let terminated = 0;
  let held = 0;
  let current;
  let timers = [];
  const send = (message) => process.send(message);

  async function replaceWorker() {
    const former = current?.worker;
    current = await startWorker();
    send({ workerPort: current.port });
    if (former === undefined) return;
    await former.terminate();
    terminated++;
  }

  const commands = {
    async begin() {
      await replaceWorker();
      let replacing = Promise.resolve();
      const replace = setInterval(() => {
        replacing = replacing.then(replaceWorker);
      }, replaceWorkerMs);
      timers = [() => clearInterval(replace), () => replacing];
      if (helper !== undefined) {
        const hold = setInterval(() => {
          const pid = helper.forkHolder();
          held++;
          setTimeout(() => helper.endHolder(pid), HELD_MS);
        }, holdMs);
        timers.push(() => clearInterval(hold));
      }
      send({ began: true });
    },
    /** No more surprises from here on. */
    async calm() {
      for (const stop of timers) await stop();
      send({ calm: true });
    },
    async rest() {
      await current.worker.terminate();
      terminated++;
      current = undefined;
      send({ left: await leftOver(engine, 1), terminated, held });
    },
    quit() {
      server.close(() => process.disconnect());
    },
  };
  process.on('message', ({ command }) => commands[command]());
  const port = await listen(server);
  send({ port, engine: engine.name });
}

if (isMainThread) void main();
else void serveInWorker();
