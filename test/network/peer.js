'use strict';

// One side of the network: the servers, or the clients, of all conversations. Each conversation is held by node:net with
// itself, by the package with itself, and by each with the other. node peer.js server|client, with an IPC channel.

const path = require('node:path');
const { once } = require('node:events');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { CONVERSATIONS } = require('./conversations.js');
const { End } = require('./end.js');
const { placeOf, seedOf } = require('./streams.js');

const ROOT = path.resolve(__dirname, '../..');
const NETS = { 'node:net': require('node:net'), 'iocp-net': require(ROOT) };
const { engine } = require(path.join(ROOT, 'dist', 'engine.js'));

const SERVER = '192.0.2.1'; // as in main.cc
const UNUSED_PORT = 1;

const side = process.argv[2];
const tell = (message) => process.send(message);

/** Runs the end of one connection, and hands over its trace. */
async function hold(socket, task, { seed, amounts }) {
  const { id, conversation, number } = task;
  const { run, end: more } = CONVERSATIONS[conversation][side];
  const place = placeOf(seed, `${conversation}/${number}`, side);
  const end = new End(socket, { place, seed: seedOf(seed, conversation, number, side), ...more });
  if (side === 'server') end.note('accepted', socket.remoteAddress, socket.remoteFamily);
  await Promise.all([run(end, amounts), end.has('close')]);
  await nextTurn(); // callbacks of writes that the close gave up
  tell({ id, trace: end.trace() });
}

/** A server for each task, which accepts one client. */
async function serve(task, order) {
  const { options = {} } = CONVERSATIONS[task.conversation].server;
  const server = NETS[task.server].createServer(options);
  server.listen(0, SERVER);
  await once(server, 'listening');
  server.once('connection', (socket) => {
    server.close();
    hold(socket, task, order);
  });
  return server.address().port;
}

async function serveAll(order) {
  const served = order.tasks.filter(({ conversation }) => CONVERSATIONS[conversation].server !== undefined);
  const ports = {};
  for (const task of served) ports[task.id] = await serve(task, order);
  tell({ ports });
}

function connectAll(order) {
  for (const task of order.tasks) {
    const { options = {} } = CONVERSATIONS[task.conversation].client;
    const port = order.ports[task.id] ?? UNUSED_PORT;
    hold(NETS[task.client].connect({ port, host: SERVER, ...options }), task, order);
  }
}

if (engine.name !== 'epoll') throw new Error(`no engine carries iocp-net: ${engine.reason}`);
process.on('unhandledRejection', (reason) => {
  throw reason;
});
process.on('disconnect', () => process.exit()); // the script is gone
process.on('message', async (order) => {
  if (order === 'end') {
    // It has to end by itself now.
    process.removeAllListeners('disconnect');
    process.disconnect();
  } else if (side === 'server') await serveAll(order);
  else connectAll(order);
});
tell({ ready: true });
