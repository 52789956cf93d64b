// What handlers of a TLS server see when several records arrive in one chunk: events with their ticks and microtasks, and
// callbacks of writes, a trace per case. (Whether ticks run between the callbacks of two writes depends on whether tls
// has gathered them.) The client holds its records back and sends them at once.
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { Duplex } = require('node:stream');
const tls = require('node:tls');
const { scenario, listening, once, settled } = require('../support/scenario.js');

const fixture = (name) =>
  fs.readFileSync(path.join(__dirname, '../../program/fixtures', `localhost-${name}.pem`));
const credentials = { key: fixture('key'), cert: fixture('cert') };
const RECORDS = ['one', 'two', 'three'];

/** Notes the order of an event, its ticks and its microtasks. */
function note(trace, name) {
  trace.push(name);
  process.nextTick(() => trace.push(`${name}, tick`));
  Promise.resolve().then(() => trace.push(`${name}, microtask`));
}

const HANDLERS = {
  'a write': (socket, text, trace) => socket.write(text, () => trace.push(`written ${text}`)),
  'a write in a tick': (socket, text, trace) =>
    process.nextTick(() => socket.write(text, () => trace.push(`written ${text}`))),
  'several writes, corked': (socket, text, trace) => {
    socket.cork();
    for (let i = 0; i < 3; i++) socket.write(`${text}${i}`, () => trace.push(`written ${text}${i}`));
    socket.uncork();
  },
  'a pause, and a resume in an immediate': (socket, text, trace) => {
    socket.pause();
    setImmediate(() => {
      note(trace, `resume after ${text}`);
      socket.resume();
    });
  },
  'the end': (socket, text, trace) => socket.end(text, () => note(trace, `ended after ${text}`)),
  'its destruction': (socket) => socket.destroy(),
};

// The order is not compared here: an error is reported when the chunk it was thrown in has been handled.
const THROWING = {
  'a write, and an error': (socket, text, trace) => {
    socket.write(text, () => trace.push(`written ${text}`));
    if (text === 'one') throw new Error('by a handler');
  },
  'a write, and an error in a tick': (socket, text, trace) => {
    socket.write(text, () => trace.push(`written ${text}`));
    process.nextTick(() => {
      if (text === 'one') throw new Error('by a tick');
    });
  },
  "an error in a write's callback": (socket, text, trace) =>
    socket.write(text, () => {
      trace.push(`written ${text}`);
      if (text === 'one') throw new Error('by a callback');
    }),
};

/** A connection that sends what was written since release() was called last, all at once. */
function held(raw) {
  let waiting = [];
  const duplex = new Duplex({
    read: () => raw.resume(),
    write(chunk, _encoding, callback) {
      if (waiting === null) raw.write(chunk);
      else waiting.push(chunk);
      callback();
    },
    final: (callback) => raw.end(callback),
  });
  raw.on('data', (chunk) => duplex.push(chunk) || raw.pause());
  raw.on('end', () => duplex.push(null));
  raw.on('error', (error) => duplex.destroy(error));
  return {
    duplex,
    hold: () => (waiting = []),
    release() {
      const chunks = waiting;
      waiting = null;
      if (chunks.length > 0) raw.write(Buffer.concat(chunks));
    },
  };
}

async function traceOf(handler, sorted, sample) {
  const trace = [];
  const onUncaught = ({ message }) => trace.push(`uncaught ${message}`);
  process.on('uncaughtException', onUncaught);
  const server = tls.createServer(credentials, (socket) => {
    let at = 0;
    socket.setEncoding('latin1').on('data', (text) => {
      if (sorted) trace.push(`data ${text}`);
      else note(trace, `data ${text}`);
      handler(socket, RECORDS[at++] ?? text, trace);
    });
    for (const event of ['end', 'close', 'error', 'finish']) {
      socket.on(event, () => (sorted ? trace.push(event) : note(trace, event)));
    }
  });
  const raw = net.connect(await listening(server), '127.0.0.1');
  const line = held(raw);
  line.release();
  const client = tls.connect({ socket: line.duplex, rejectUnauthorized: false });
  client.on('error', () => {}); // its server may destroy the connection
  await once(client, 'secureConnect');
  client.resume();
  line.hold();
  for (const text of RECORDS) client.write(text);
  // Writes on a stream without a handle leave in the next turns.
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
  sample();
  const closed = once(raw, 'close');
  line.release();
  while (trace.length === 0) await settled(trace);
  await settled(trace);
  client.end();
  await settled(trace); // a server that ends its side has done so
  raw.destroy();
  await closed;
  await new Promise((resolve) => server.close(resolve));
  while (!trace.includes('close')) await settled(trace); // the server's may come first
  process.off('uncaughtException', onUncaught);
  return sorted ? trace.sort() : trace;
}

scenario(async ({ sample, args: [kind] }) => {
  const traces = {};
  const handlers = kind === 'throwing' ? THROWING : HANDLERS;
  for (const [name, handler] of Object.entries(handlers)) {
    traces[name] = await traceOf(handler, kind === 'throwing', sample);
  }
  return traces;
});
