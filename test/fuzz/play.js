'use strict';

// Plays a program on an implementation of net and writes down, for each side, what it observes.

const { when, turns, until, within } = require('../support/sockets.js');
const { isWindows } = require('../support/local-names.js');

const { helper } = isWindows ? { helper: null } : require('../support/test-addon.js');

const GUARD_MS = 20_000;
// A timeout that fires while everything settles.
const IDLE_MS = 5;
const EVENTS = [
  'connect',
  'ready',
  'end',
  'prefinish',
  'finish',
  'drain',
  'timeout',
  'pause',
  'resume',
  'error',
  'close',
];

const BLOCK_MS = 1;
const wait = new Int32Array(new SharedArrayBuffer(4));
const block = () => void Atomics.wait(wait, 0, 0, BLOCK_MS);

/** Turns of the loop that a child between fork and exec lives on after the calls it was forked among. */
const HOLDER_TURNS = 3;
/** Those that live, in the order in which they were forked: by any program, and each holds the descriptors of all. */
const holders = new Set();
let forks = 0;
function fork() {
  const pid = helper.forkHolder();
  if (pid < 0) throw new Error(`fork: ${pid}`);
  const holder = ++forks;
  holders.add(holder);
  turns(HOLDER_TURNS).then(() => {
    helper.endHolder(pid);
    holders.delete(holder);
  });
}

/** Whether a child lives that was there at that fork, and may keep open what was closed since. */
function isHeldSince(fork) {
  const [oldest] = holders;
  return oldest <= fork;
}

/** The bytes of a direction: printable, so that every encoding carries them, and distinguished by their place. */
const PERIOD = 95;
const pattern = Buffer.from(Array.from({ length: 2_100_000 }, (_, n) => 32 + (n % PERIOD)));
const bytesFrom = (offset, size) => pattern.subarray(offset % PERIOD, (offset % PERIOD) + size);

class Side {
  /** Segments of events: a new one begins with every burst. */
  segments = [[]];
  snapshots = [];
  sent = 0;
  received = 0;
  writes = 0;
  corks = 0;
  closed = false;
  blocks = false;
  wasReset = false;
  connected = false;

  constructor(socket, reads) {
    this.socket = socket;
    this.reads = reads;
    for (const event of EVENTS) {
      socket.on(event, (...args) => this.#note(event, ...args));
    }
    socket.on('connect', () => (this.connected = true));
    socket.on('close', () => (this.closed = true));
    if (reads === 'data') socket.on('data', (chunk) => this.#data(chunk));
    else if (reads === 'readable') {
      socket.on('readable', () => {
        for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) this.#data(chunk);
      });
    }
  }

  get activity() {
    return this.count;
  }
  count = 0;

  #note(...entry) {
    this.count++;
    this.segments.at(-1).push(entry.map((one) => (one instanceof Error ? plainError(one) : one)));
  }

  #data(chunk) {
    if (this.blocks) block();
    if (!bytesFrom(this.received, chunk.length).equals(chunk))
      this.#note('CORRUPT', this.received, chunk.length);
    this.received += chunk.length;
    // Where the chunks of a stream begin and end is free.
    const last = this.segments.at(-1).at(-1);
    this.count++;
    if (last?.[0] === 'data') last[1] += chunk.length;
    else this.segments.at(-1).push(['data', chunk.length]);
  }

  #payload({ size, encoding }) {
    const even = encoding === 'utf16le' ? size - (size % 2) : size;
    const bytes = bytesFrom(this.sent, even);
    this.sent += even;
    return encoding === 'buffer' ? [bytes] : [bytes.toString(encoding), encoding];
  }

  #callback(name) {
    const id = `${name} ${this.writes++}`;
    return (error) => this.#note('callback', id, error ? plainError(error) : null);
  }

  /**
   * Calls whose outcome is left to chance are left out, on both implementations. They all have to do with a connection
   * that is cut while bytes are on their way: whether these bytes, the end or the reset is seen first is decided by
   * how calls fall into batches, in node:net as well as here.
   */
  #leftOut({ op, size }, together) {
    const { socket, peer } = this;
    const ended = socket.writableEnded;
    const readAll = this.received === (peer?.sent ?? 0);
    const peerReadAll = this.sent === (peer?.received ?? 0);
    const cuts = /^destroy|^reset/.test(op) || (ended && /^write|^end/.test(op));
    if (socket.destroyed) return false;
    // Under Wine keep-alive that is set while ConnectEx is under way fails the connection of node:net (UNKNOWN).
    if (op === 'setKeepAlive' && isWindows && socket.connecting) return true;
    // A reset that waits for the connection is a reset after what is written until then, and after an end (see below).
    if (this.wasReset && /^write|^end|^destroySoon/.test(op)) return true;
    // In one turn with calls of the other side.
    if (cuts && together) return true;
    // uv_tcp_close_reset refuses a socket whose end is under way (EINVAL), and node:net never closes it then.
    if (op === 'reset' && ended) return true;
    // A reset after bytes or an end: libuv shows an end when it read them in the same turn, ECONNRESET otherwise.
    if (op === 'reset' && !peerReadAll) return true;
    // To close with unread bytes is to reset.
    if (cuts && !readAll && (ended || op === 'destroySoon' || !peerReadAll)) return true;
    // The first bytes to a peer that is gone are taken. With which call the next ones fail depends on the batch.
    if (peer?.socket.destroyed && (op === 'write' || size !== undefined)) {
      return !readAll || !peerReadAll || peer.wasReset || this.afterwards++ > 0;
    }
    return false;
  }
  afterwards = 0;
  peer = null;

  startReading() {
    if (this.reads !== 'later') return;
    this.reads = 'data';
    this.socket.on('data', (chunk) => this.#data(chunk));
  }

  call(call, together) {
    const { socket } = this;
    if (this.#leftOut(call, together)) return undefined;
    switch (call.op) {
      case 'write':
        return socket.write(...this.#payload(call), this.#callback('write'));
      case 'end':
        return socket.end(...(call.size === undefined ? [] : this.#payload(call)), this.#callback('end'));
      case 'pause':
        return socket.pause();
      case 'resume':
        this.startReading();
        return socket.resume();
      case 'cork':
        this.corks++;
        return socket.cork();
      case 'uncork':
        return socket.uncork();
      case 'read':
        return socket.read(0);
      case 'setNoDelay':
        return socket.setNoDelay();
      case 'setKeepAlive':
        return socket.setKeepAlive(true, 60_000);
      case 'block':
        return block();
      case 'fork':
        return fork();
      case 'timeout':
        return socket.setTimeout(IDLE_MS);
      case 'noTimeout':
        return socket.setTimeout(0);
      case 'destroy':
        return socket.destroy();
      case 'destroyError':
        return socket.destroy(new Error('of the program'));
      case 'destroySoon':
        return socket.destroySoon();
      case 'reset':
        this.wasReset = true;
        return socket.resetAndDestroy();
      default:
        throw new Error(`unknown call ${call.op}`);
    }
  }

  burst(calls, together = false) {
    this.segments.push([]);
    for (const call of calls) {
      let result;
      try {
        result = this.call(call, together);
      } catch (error) {
        result = plainError(error);
      }
      if (typeof result === 'boolean') this.#note('returned', call.op, result);
      else if (result !== undefined && result !== null && result !== this.socket)
        this.#note('threw', call.op, result);
    }
  }

  snapshot() {
    const { socket } = this;
    const state = {};
    for (const name of [
      'readyState',
      'connecting',
      'pending',
      'destroyed',
      'closed',
      'errored',
      'readable',
      'writable',
      'readableFlowing',
      'readableEnded',
      'readableLength',
      'readableAborted',
      'writableEnded',
      'writableFinished',
      'writableLength',
      'writableCorked',
      'writableNeedDrain',
      'bytesRead',
      'bytesWritten',
      'bufferSize',
      'timeout',
      'allowHalfOpen',
    ]) {
      const value = socket[name];
      state[name] = value instanceof Error ? plainError(value) : value;
    }
    // Several Buffers that wait for the connection in one writev make node:net's bytesWritten NaN, for good when it is cut off.
    if (Array.isArray(socket._pendingData)) state.bytesWritten = 'several pending';
    state.paused = socket.isPaused();
    state.addressed = [socket.remoteAddress, socket.localAddress, socket.remoteFamily].map((x) => typeof x);
    this.snapshots.push(state);
  }

  result() {
    const { sent, received, snapshots } = this;
    return { segments: this.segments.filter((segment) => segment.length > 0), snapshots, sent, received };
  }

  clearAway() {
    this.socket.on('error', () => {});
    this.socket.destroy();
  }
}

function plainError(error) {
  const { name, code, syscall, message } = error;
  return { name, code, syscall, message: message.replace(/\d{4,5}/g, 'PORT') };
}

/** Waits until nothing has happened for a while. */
async function settle(sides, quietMs) {
  let count = -1;
  let since = 0;
  let calm = 0;
  let lastFork = forks;
  const deadline = Date.now() + GUARD_MS;
  for (;;) {
    await turns(1);
    const now = sides.reduce((sum, side) => sum + side.activity + side.socket.bytesRead, 0);
    if (now !== count) lastFork = forks; // a later child holds nothing that was closed before this
    if (now !== count || isHeldSince(lastFork)) {
      count = now;
      calm = 0;
      since = Date.now();
    } else if (++calm >= 5 && Date.now() - since >= quietMs) return;
    if (Date.now() > deadline) throw new Error('a program does not come to rest');
    if (calm > 5) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/**
 * @returns {Promise<{client: object, server: object}>} for each side: segments of events and a snapshot after each
 */
async function play(net, { options, bursts }, patienceMs = 2) {
  // A timeout that is set has to fire before everything counts as settled.
  const timed = bursts.some(({ calls, serverCalls = [] }) =>
    [...calls, ...serverCalls].some(({ op }) => op === 'timeout'),
  );
  const quietMs = timed ? patienceMs + 6 * IDLE_MS : patienceMs;
  // Without Nagle: a small segment would wait for an acknowledgement that the kernel may put off by 40 ms.
  const server = net.createServer({
    noDelay: true,
    allowHalfOpen: options.serverHalfOpen,
    pauseOnConnect: options.pauseOnConnect,
  });
  server.listen(0, '127.0.0.1');
  await when(server, 'listening');
  const serverClosed = when(server, 'close', 4 * GUARD_MS).catch((error) => {
    const { listening, _connections: connections } = server;
    throw new Error(`the server: ${error.message} ${JSON.stringify({ listening, connections, stage })}`);
  });
  serverClosed.catch(() => {});
  let stage = 'connecting';
  let accepted = null;
  server.once('connection', (socket) => {
    accepted = new Side(socket, options.serverReads);
    accepted.blocks = options.blocks === 'server';
  });
  const client = new Side(
    net.connect({
      port: server.address().port,
      host: '127.0.0.1',
      noDelay: true,
      allowHalfOpen: options.clientHalfOpen,
    }),
    options.clientReads,
  );
  client.blocks = options.blocks === 'client';
  const sides = [client];
  const left = [...bursts];
  if (options.early && left[0]?.side === 'client') client.burst(left.shift().calls);
  await until(() => client.closed || (client.connected && accepted !== null), 'the connection or its end');
  // Cut off before it was connected: whether the server has seen it is up to the system.
  if (!client.connected) return alone();
  await until(() => accepted !== null, 'the accepted end');
  sides.push(accepted);
  client.peer = accepted;
  accepted.peer = client;
  const rest = async () => {
    await settle(sides, quietMs);
    for (const side of sides) side.snapshot();
  };
  await rest();

  for (const { side, calls, serverCalls } of left) {
    stage = `${left.length} bursts`;
    client.segments.push([]);
    accepted.segments.push([]);
    if (side !== 'server') client.burst(calls, side === 'both');
    if (side === 'server') accepted.burst(calls);
    if (side === 'both') accepted.burst(serverCalls, true);
    await rest();
  }

  // The finale: whoever is still there reads to the end and ends.
  for (const side of sides) {
    side.segments.push([]);
    for (; side.corks > 0; side.corks--) side.socket.uncork();
    side.socket.setTimeout(0);
    side.startReading();
    if (side.socket.destroyed) continue;
    side.socket.resume();
    side.socket.end();
  }
  let stuck = false;
  stage = 'the end';
  try {
    await within(
      until(() => client.closed && accepted.closed, 'the end', GUARD_MS),
      'the end',
      GUARD_MS + 1_000,
    );
  } catch {
    stuck = true;
  }
  for (const side of sides) side.clearAway();
  await until(() => client.closed && accepted.closed, 'the close of both ends');
  await turns(2);
  stage = 'closing';
  server.close();
  await serverClosed;
  for (const side of sides) side.snapshot();
  return { client: client.result(), server: accepted.result(), stuck };

  async function alone() {
    await settle([client], quietMs);
    client.snapshot();
    accepted?.clearAway();
    server.on('connection', (socket) => socket.on('error', () => {}).destroy());
    stage = 'closing, cut off before it was connected';
    server.close();
    await serverClosed;
    return { client: client.result(), server: null, stuck: false };
  }
}

module.exports = { play };
