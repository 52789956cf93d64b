'use strict';

// Small helpers that specs are written with. They wait for events under a generous guard and assert no time.

const { once } = require('node:events');

const GUARD_MS = 30_000;

/** Resolves with the arguments of the next `event`; an 'error' is not special. */
function when(emitter, event, guardMs = GUARD_MS) {
  return new Promise((resolve, reject) => {
    const listener = (...args) => {
      clearTimeout(guard);
      resolve(args);
    };
    const guard = setTimeout(() => {
      emitter.removeListener(event, listener);
      reject(new Error(`no '${String(event)}' within ${guardMs} ms`));
    }, guardMs).unref();
    emitter.once(event, listener);
  });
}

/** Resolves when the condition holds; it is looked at after each turn of the loop. */
async function until(condition, what = 'condition', guardMs = GUARD_MS) {
  const deadline = Date.now() + guardMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${what} not reached within ${guardMs} ms`);
    await turn();
  }
}

/** A promise with its handles; `within` adds the guard. */
function deferred() {
  let resolve, reject;
  const promise = new Promise((...handles) => ([resolve, reject] = handles));
  return { promise, resolve, reject };
}

function within(promise, what, guardMs = GUARD_MS) {
  let guard;
  const late = new Promise((_, reject) => {
    guard = setTimeout(() => reject(new Error(`${what} not reached within ${guardMs} ms`)), guardMs).unref();
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(guard));
}

/** One turn of the event loop, through its poll phase. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
async function turns(count) {
  for (let i = 0; i < count; i++) await turn();
}

/** A server that listens on a free port of 127.0.0.1. */
async function listening(net, options, onConnection, address = { port: 0, host: '127.0.0.1' }) {
  const server = net.createServer(options, onConnection);
  server.listen(address);
  await when(server, 'listening');
  return server;
}

/** Resolves when the socket has emitted 'close'. */
const closedSockets = new WeakSet();
function closed(socket) {
  return closedSockets.has(socket) ? Promise.resolve([]) : when(socket, 'close');
}
function noteClose(socket) {
  socket.on('close', () => closedSockets.add(socket));
  return socket;
}

/** Closes a server and waits until its last connection is gone. */
async function close(server) {
  const done = when(server, 'close');
  server.close();
  await done;
}

/**
 * A connected pair. `finish()` destroys what is left of it and waits until everything is closed.
 * @param {{server?: object, client?: object, host?: string}} [options]
 */
async function pair(net, options = {}) {
  const host = options.host ?? '127.0.0.1';
  const server = await listening(net, options.server ?? {}, undefined, { port: 0, host });
  const arrives = when(server, 'connection');
  const client = noteClose(net.connect({ host, port: server.address().port, ...options.client }));
  const connects = when(client, 'connect');
  const [accepted] = await arrives;
  noteClose(accepted);
  await connects;
  const finish = async () => {
    const all = [closed(client), closed(accepted), when(server, 'close')];
    server.close();
    for (const socket of [client, accepted]) {
      // An end that has just been destroyed can reset the other one: that is not what these specs look at.
      if (socket.listenerCount('error') === 0) socket.on('error', () => {});
      socket.destroy();
    }
    await Promise.all(all);
  };
  return { server, client, accepted, port: server.address().port, host, finish };
}

/** Collects all bytes that arrive until 'end'. */
async function collect(socket) {
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await when(socket, 'end');
  return Buffer.concat(chunks);
}

// Below what systems give to clients and to listen(0): no socket of another program takes the port in the meantime, and
// none connects to itself there.
const PORT_MIN = 10_000;
const PORT_MAX = 32_000;
const TAKEN = new Set(['EADDRINUSE', 'EACCES']); // Windows keeps ranges to itself

/** A port on which nobody listens. */
async function freePort(net, host = '127.0.0.1') {
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    const server = net.createServer().listen({ port, host });
    try {
      await once(server, 'listening');
    } catch (error) {
      if (TAKEN.has(error.code)) continue;
      throw error;
    }
    await close(server);
    return port;
  }
}

/** Whether this machine has ::1 (containers often do not). */
async function hasIPv6(net) {
  const server = net.createServer().listen(0, '::1');
  const [ok] = await Promise.race([
    when(server, 'listening').then(() => [true]),
    when(server, 'error').then(() => [false]),
  ]);
  if (ok) await close(server);
  return ok;
}

const nodeMajor = Number(process.versions.node.split('.')[0]);

module.exports = {
  GUARD_MS,
  when,
  until,
  deferred,
  within,
  turn,
  turns,
  listening,
  closed,
  noteClose,
  close,
  pair,
  collect,
  freePort,
  hasIPv6,
  nodeMajor,
};
