'use strict';

// OpenTelemetry's instrumentations of net and http: every span with its parent, kind, attributes and status.

const { context, trace, SpanKind, SpanStatusCode } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { NetInstrumentation } = require('@opentelemetry/instrumentation-net');
const {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} = require('@opentelemetry/sdk-trace-base');

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
registerInstrumentations({ instrumentations: [new NetInstrumentation(), new HttpInstrumentation()] });

const net = require('node:net');
const { mirror, ask, exchange, echo, closedPort, listen, print } = require('./support.cjs');

const tracer = trace.getTracer('program');
const inSpan = (name, body) =>
  tracer.startActiveSpan(name, async (span) => {
    try {
      return await body(span);
    } finally {
      span.end();
    }
  });

/** Attributes that hold ports, as words. */
function attributes(span) {
  return Object.entries(span.attributes)
    .map(([key, value]) => `${key}=${/port$/.test(key) ? typeof value : value}`)
    .filter((each) => !/user_agent|flavor|host\.name/.test(each))
    .sort();
}

function printSpans() {
  const spans = exporter.getFinishedSpans();
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const chain = (span) => {
    const parent = byId.get(span.parentSpanContext?.spanId);
    return parent === undefined ? span.name : `${chain(parent)} > ${span.name}`;
  };
  const texts = spans.map((span) =>
    [
      chain(span),
      SpanKind[span.kind],
      SpanStatusCode[span.status.code],
      span.status.message ?? '',
      ...attributes(span),
      ...span.events.map(({ name }) => `event ${name}`),
    ].join(' | '),
  );
  // Two ends of one connection end in either order.
  for (const text of texts
    .map((each) => each.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT').replaceAll(`-${process.pid}`, ''))
    .sort())
    print(text);
}

async function main() {
  const { server, port } = await mirror((request) => inSpan(`in the handler of ${request.url}`, () => {}));
  const other = await echo();
  await inSpan('requests', async () => {
    print(await ask({ host: '127.0.0.1', port, path: '/get' }));
    print(await ask({ host: '127.0.0.1', port, path: '/post', method: 'POST' }, 'body'));
  });
  await inSpan('sockets', async () => {
    print(await exchange({ host: '127.0.0.1', port: other.port }, 'echo'));
    await inSpan('in the callback', () => exchange({ host: 'localhost', port: other.port }, 'by name'));
  });
  await inSpan('refused', async () => {
    print(await ask({ host: '127.0.0.1', port: await closedPort() }));
    await exchange({ host: '127.0.0.1', port: await closedPort() }, '').catch((error) => print(error.code));
  });
  await inSpan('unix', async () => {
    const local = net.createServer((socket) => socket.end('unix'));
    await listen(local, `${require('node:os').tmpdir()}/iocp-net-otel-${process.pid}`);
    print(await exchange({ path: local.address() }, ''));
    local.close();
  });
  // The context where a callback runs is the one that it was made in.
  await inSpan('kept', async (span) => {
    const socket = net.connect(other.port, '127.0.0.1');
    const seen = [];
    for (const name of ['connect', 'data', 'close'])
      socket.on(name, () => seen.push(`${name} ${trace.getActiveSpan() === span}`));
    socket.write('x', () => seen.push(`written ${trace.getActiveSpan() === span}`));
    socket.once('data', () => socket.end());
    await new Promise((resolve) => socket.once('close', () => setImmediate(resolve)));
    print(seen.join(', '));
  });
  server.closeAllConnections();
  server.close();
  other.server.close();
  printSpans();
}

main();
