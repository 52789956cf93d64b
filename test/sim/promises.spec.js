'use strict';

// What node:net promises whatever the system does: no byte is lost, doubled or given to another connection without an
// error; each socket has one 'close', and an error or an end before it; each write is called back once; what a handler
// throws is uncaught, once, and takes nothing along; nothing is left.
// Over the simulated kernel with all its faults (npm run test:simulated-contract); a few worlds on a real one, which
// shows that the promises are node:net's.

const assert = require('node:assert/strict');
const { transports, counters } = require('../support/transports.js');
const { simulated, settings, begin, state, reportFigures } = require('../support/simulation.js');
const { turns, until, when, within } = require('../support/sockets.js');
const { localName, isWindows } = require('../support/local-names.js');
const { Random, End, HandlerError } = require('./connections.js');

const WORLDS = settings?.worlds ?? 5;
const SEED = settings?.seed ?? Math.floor(Math.random() * 2 ** 32);
const WORLD_GUARD_MS = settings?.guardMs ?? 30_000;
const PROBLEMS_MAX = 10; // that are printed
const ACCEPTED_KEYS = 1_000_000; // the streams of accepted sockets are numbered from here
const BUFFER_BYTES = [64, 1_000, 10_000, 65_536, 262_144];
const SOMETIMES = [0, 0, 0, 200, 2_000, 16_000];

function faultsOf(random) {
  const faults = {
    errors: random.of([0, 0, 50, 500]),
    losses: random.of([0, 0, 20, 200]),
    reorderedEvents: random.chance(50),
    completion: random.chance(50),
    busyUs: random.of([1, 100, 400]),
    sendBytesMax: random.of(BUFFER_BYTES),
    receiveBytesMax: random.of(BUFFER_BYTES),
  };
  for (const name of ['wouldBlock', 'shortReceive', 'shortSend', 'late', 'lateEvents', 'spuriousEvents']) {
    faults[name] = random.of(SOMETIMES);
  }
  if (random.chance(10)) faults.descriptorsMax = 4 + random.below(40);
  return faults;
}

/** Servers at a port and at a path, connections to both, and nothing left of them at the end. */
class World {
  constructor({ net, ours }, seed) {
    this.net = net;
    this.strict = ours;
    this.random = new Random(seed);
    this.problems = [];
    this.listeners = [];
    this.clients = [];
    this.accepted = [];
    this.byPort = new Map();
    this.faults = faultsOf(this.random);
    // In some worlds nobody turns the loop: it sleeps whenever it takes itself to have nothing to do.
    this.turns = this.random.chance(30) ? async () => {} : turns;
    this.throwing = this.random.of([0, 0, 2, 10]);
    this.thrown = 0;
    this.caught = 0;
  }

  onThrow = () => this.thrown++;

  onUncaught = (error) => {
    if (error instanceof HandlerError) this.caught++;
    else this.broken(`uncaught: ${error?.stack ?? error}`);
  };

  broken = (what) => this.problems.push(what);

  async listen(address) {
    const halfOpen = this.random.chance(30);
    const options = { allowHalfOpen: halfOpen, pauseOnConnect: this.random.chance(20) };
    const server = this.net.createServer(options, (socket) => this.onConnection(socket));
    server.on('error', () => {}); // of an accept: the listener lives on
    server.listen(address);
    await when(server, 'listening');
    const listener = { server, address: server.address(), closes: 0 };
    listener.closed = new Promise((resolve) => {
      server.on('close', () => resolve(listener.closes++));
    });
    this.listeners.push(listener);
  }

  onConnection(socket) {
    const key = ACCEPTED_KEYS + this.accepted.length;
    const end = new End(socket, key, this.random, this);
    end.resets = socket.remotePort !== undefined;
    this.accepted.push(end);
    if (this.random.chance(2)) this.close(socket.server); // clients that wait are reset, later ones are refused
    if (socket.remotePort !== undefined) this.byPort.set(socket.remotePort, end);
    end.read(this.random.of(['data', 'data', 'readable']));
    void end.play();
  }

  close(server) {
    if (server.listening) server.close();
  }

  async connect({ address }) {
    const to = typeof address === 'string' ? { path: address } : { port: address.port, host: '127.0.0.1' };
    const socket = this.net.connect({ ...to, allowHalfOpen: this.random.chance(30) });
    const end = new End(socket, this.clients.length, this.random, this);
    end.resets = to.port !== undefined;
    this.clients.push(end);
    socket.on('connect', () => (end.port = socket.localPort));
    end.read(this.random.of(['data', 'data', 'readable']));
    const early = this.random.chance(30); // before there is a connection
    if (!early) await Promise.race([when(socket, 'connect'), when(socket, 'close')]);
    await end.play();
  }

  /** The other end of a client's connection, if it is known. */
  peerOf(client) {
    const byBytes = this.accepted.find(
      ({ key, peerKey }) => key === client.peerKey || peerKey === client.key,
    );
    return byBytes ?? this.byPort.get(client.port);
  }

  async run(seed) {
    begin(seed, {});
    await this.listen({ port: 0, host: '127.0.0.1' });
    await this.listen({ path: localName() });
    begin(seed, this.faults);
    const parts = [];
    for (let n = 1 + this.random.below(24); n > 0; n--) {
      parts.push(this.connect(this.random.of(this.listeners)));
      await this.turns(this.random.below(3));
    }
    await Promise.all(parts);
    const { descriptorsMax, ...others } = this.faults;
    if (descriptorsMax !== undefined) begin(seed, others); // or clients wait for servers that cannot accept them
    // Nothing turns the loop meanwhile: what is under way has to wake it.
    await Promise.all(this.clients.map(({ closed }) => closed));
    for (const { server } of this.listeners) this.close(server);
    await Promise.all(this.listeners.map(({ closed }) => closed));
    await Promise.all(this.accepted.map(({ closed }) => closed));
    await turns(2); // what comes too often comes soon
  }

  check() {
    if (this.caught !== this.thrown)
      this.broken(`${this.thrown} handlers threw, ${this.caught} were uncaught`);
    for (const { closes } of this.listeners)
      if (closes !== 1) this.broken(`${closes} times 'close' of a server`);
    for (const client of this.clients) {
      const peer = this.peerOf(client);
      client.check(peer);
      if (peer !== undefined) peer.pair = client;
    }
    for (const end of this.accepted) end.check(end.pair);
  }

  get ends() {
    return [...this.clients, ...this.accepted];
  }
}

async function play(transport, seed) {
  const before = transport.ours ? counters().openEndpoints : 0;
  const bad = state()?.badDescriptors;
  const world = new World(transport, seed);
  const others = process.listeners('uncaughtException'); // mocha's: each would be a failure
  process.removeAllListeners('uncaughtException').on('uncaughtException', world.onUncaught);
  try {
    await within(world.run(seed), 'the end of the world', WORLD_GUARD_MS);
    world.check();
    if (transport.ours)
      await until(() => counters().openEndpoints === before, 'the close of every endpoint', WORLD_GUARD_MS);
    if (simulated) {
      const { descriptors, sockets, badDescriptors } = state();
      assert.deepEqual(
        { descriptors, sockets, badDescriptors },
        { descriptors: 0, sockets: 0, badDescriptors: bad },
      );
    }
    if (world.problems.length > 0) throw new Error(`${world.problems.length} promises are not kept`);
  } catch (error) {
    const still = world.ends.filter(({ closes }) => closes === 0).map(String);
    const again = simulated
      ? `again: npm run test:simulated-contract -- --promises --seed ${seed} --worlds 1`
      : '';
    const broken = world.problems.slice(0, PROBLEMS_MAX);
    const lines = [error.message, ...broken, again, ...still, JSON.stringify(world.faults)];
    throw new Error(lines.join('\n'), { cause: error });
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other);
  }
  return world;
}

const played = simulated ? transports.filter(({ ours }) => ours) : transports;

describe('promises', function () {
  this.timeout(600_000);
  // Under Wine node:net itself now and then loses the end of a connection.
  for (const transport of isWindows ? [] : played) {
    it(`${WORLDS} worlds from seed ${SEED}: ${transport.name}`, async () => {
      if (transport.error !== null) throw transport.error;
      let connections = 0;
      for (let n = 0; n < WORLDS; n++) connections += (await play(transport, SEED + n)).clients.length;
      reportFigures({ kind: 'worlds of random connections, all faults', count: WORLDS });
      const { bytes, faults } = state() ?? {};
      if (simulated) console.log(`      ${connections} connections, ${bytes} bytes, ${faults} faults`);
    });
  }
});
