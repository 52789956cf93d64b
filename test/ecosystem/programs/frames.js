// What HTTP/2 handlers see when several frames arrive at once, in one chunk or one TLS record: a trace per case.
// The client is hand-made, so that each burst leaves in one write.
const fs = require('node:fs');
const http2 = require('node:http2');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { scenario, listening, once, settled } = require('../support/scenario.js');

const fixture = (name) =>
  fs.readFileSync(path.join(__dirname, '../../program/fixtures', `localhost-${name}.pem`));
const credentials = { key: fixture('key'), cert: fixture('cert') };

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const ACK = 1;
const END_STREAM = 1;
const END_HEADERS = 4;
const CANCEL = Buffer.from([0, 0, 0, 8]);
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
// :method GET or POST, :scheme http, :path /, :authority x
const GET = Buffer.from([0x82, 0x86, 0x84, 0x41, 1, 0x78]);
// The same with :path /index.html
const GET_INDEX = Buffer.from([0x82, 0x86, 0x85, 0x41, 1, 0x78]);
const POST = Buffer.from([0x83, 0x86, 0x84, 0x41, 1, 0x78]);

function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

const get = (stream) => frame(HEADERS, END_HEADERS | END_STREAM, stream, GET);
const post = (stream) => frame(HEADERS, END_HEADERS, stream, POST);
const data = (stream, text, flags = 0) => frame(DATA, flags, stream, Buffer.from(text));
const reset = (stream) => frame(RST_STREAM, 0, stream, CANCEL);
const ping = () => frame(PING, 0, 0, Buffer.alloc(8, 1));
const goaway = () => frame(GOAWAY, 0, 0, Buffer.alloc(8));

const BURSTS = {
  'a stream that is reset at once': [get(1), reset(1)],
  'a reset and the next stream': [get(1), reset(1), get(3)],
  'a body that is reset': [post(1), data(1, 'part'), reset(1)],
  'three streams': [get(1), get(3), get(5)],
  'a body, whole': [post(1), data(1, 'one'), data(1, 'two', END_STREAM), get(3)],
  'a ping between': [get(1), ping(), reset(1), ping(), get(3)],
  'one stream': [frame(HEADERS, END_HEADERS | END_STREAM, 1, GET_INDEX)],
  'a goaway': [get(1), reset(1), goaway()],
};

/** Notes the order of an event, its ticks and its microtasks. */
function note(trace, name) {
  trace.push(name);
  process.nextTick(() => trace.push(`${name}, tick`));
  Promise.resolve().then(() => trace.push(`${name}, microtask`));
}

function attempt(trace, name, call) {
  try {
    call();
    trace.push(`${name} works`);
  } catch (error) {
    trace.push(`${name} throws ${error.code}`);
  }
}

function noteBody(readable, id, trace) {
  for (const event of ['aborted', 'end', 'close']) readable.on(event, () => note(trace, `${event} ${id}`));
  readable.on('error', ({ code }) => note(trace, `error ${code} of ${id}`));
  readable.on('data', (chunk) => note(trace, `data ${chunk} of ${id}`));
}

const APIS = {
  streams(server, trace) {
    server.on('stream', (stream) => {
      const { id } = stream;
      note(trace, `stream ${id} ${stream.destroyed ? 'destroyed' : 'alive'}`);
      noteBody(stream, id, trace);
      attempt(trace, `respond ${id}`, () => stream.respond({ ':status': 200 }));
      attempt(trace, `end ${id}`, () => stream.end('x'));
    });
  },
  requests(server, trace) {
    server.on('request', (request, response) => {
      const { id } = request.stream;
      note(trace, `request ${id} ${request.stream.destroyed ? 'destroyed' : 'alive'}`);
      noteBody(request, id, trace);
      for (const event of ['finish', 'close']) {
        response.on(event, () => note(trace, `response ${event} ${id}`));
      }
      attempt(trace, `writeHead ${id}`, () => response.writeHead(200));
      attempt(trace, `end ${id}`, () => response.end('x'));
    });
  },
  // The order is not compared here: an error is reported when the chunk it was thrown in has been handled.
  throwing(server, trace) {
    server.on('stream', (stream, headers) => {
      const { id } = stream;
      stream.on('close', () => trace.push(`close ${id}`));
      stream.on('error', ({ code }) => trace.push(`error ${code} of ${id}`));
      stream.respond({ ':status': 200 });
      stream.end('x');
      process.nextTick(() => trace.push(`tick of ${id}`));
      if (headers[':path'] === '/index.html') {
        process.nextTick(() => {
          throw new Error('by a tick of stream 1');
        });
      }
      if (id === 1) throw new Error('by stream 1');
    });
  },
};

async function traceOf(secure, api, burst, sample) {
  const trace = [];
  const onUncaught = ({ message }) => trace.push(`uncaught ${message}`);
  process.on('uncaughtException', onUncaught);
  const server = secure ? http2.createSecureServer(credentials) : http2.createServer();
  server.on('session', (session) => {
    for (const event of ['goaway', 'close']) session.on(event, () => note(trace, `session ${event}`));
    session.on('ping', () => note(trace, 'ping'));
    session.on('error', ({ code }) => note(trace, `session error ${code}`));
  });
  api(server, trace);
  const options = { port: await listening(server), host: '127.0.0.1', ALPNProtocols: ['h2'] };
  const client = secure ? tls.connect({ ...options, rejectUnauthorized: false }) : net.connect(options);
  await once(client, secure ? 'secureConnect' : 'connect');
  const closed = once(client, 'close');
  client.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]));
  await once(client, 'data');
  client.resume().write(frame(SETTINGS, ACK, 0));
  await settled(trace); // the burst is to meet a session that has nothing else to do
  client.write(Buffer.concat(burst));
  await settled(trace);
  sample();
  client.end();
  await closed;
  await new Promise((resolve) => server.close(resolve));
  process.off('uncaughtException', onUncaught);
  return api === APIS.throwing ? trace.sort() : trace;
}

scenario(async ({ sample, args: [secure, api] }) => {
  const traces = {};
  for (const [name, burst] of Object.entries(BURSTS)) {
    traces[name] = await traceOf(secure === 'secure', APIS[api], burst, sample);
  }
  return traces;
});
