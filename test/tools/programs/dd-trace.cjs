'use strict';

// dd-trace: the spans of net and http with their parents, taken where they are printed instead of sent.

Object.assign(process.env, {
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_TRACE_EXPERIMENTAL_EXPORTER: 'log',
  DD_CRASHTRACKING_ENABLED: 'false',
  DD_RUNTIME_METRICS_ENABLED: 'false',
  DD_TRACE_AGENT_URL: 'http://127.0.0.1:9',
});
const tracer = require('dd-trace').init({
  experimental: { exporter: 'log' },
  plugins: true,
  runtimeMetrics: false,
  remoteConfig: { pollInterval: 0 },
  flushInterval: 0,
});
tracer.use('net', { enabled: true });
tracer.use('dns', { enabled: true });

const spans = [];
const write = process.stdout.write;
process.stdout.write = function (chunk, ...more) {
  if (!String(chunk).startsWith('{"traces"')) return write.call(this, chunk, ...more);
  spans.push(...JSON.parse(chunk).traces.flat());
  return true;
};

const net = require('node:net');
const { mirror, ask, exchange, echo, closedPort, listen, calm, print } = require('./support.cjs');

const inSpan = (name, body) => tracer.trace(name, body);

function printSpans() {
  const byId = new Map(spans.map((span) => [String(span.span_id), span]));
  const chain = (span) => {
    const parent = byId.get(String(span.parent_id));
    const name = `${span.name} ${span.resource}`;
    return parent === undefined ? name : `${chain(parent)} > ${name}`;
  };
  const kept = [
    'span.kind',
    'component',
    'http.status_code',
    'error.type',
    'tcp.family',
    'tcp.remote.host',
    'out.host',
  ];
  const texts = spans.map((span) =>
    [chain(span), span.error, ...kept.map((key) => span.meta?.[key] ?? span.metrics?.[key] ?? '-')].join(
      ' | ',
    ),
  );
  const words = (text) =>
    text.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT').replace(/localhost:\d+/g, 'localhost:PORT');
  for (const text of texts
    .map(words)
    .map((text) => text.replaceAll(String(process.pid), 'PID'))
    .sort())
    print(text);
}

async function main() {
  const { server, port } = await mirror((request) => inSpan(`handler of ${request.url}`, () => {}));
  const other = await echo();
  await inSpan('requests', async () => {
    print(await ask({ host: '127.0.0.1', port, path: '/get' }));
    print(await ask({ host: '127.0.0.1', port, path: '/post', method: 'POST' }, 'body'));
    print(await (await fetch(`http://127.0.0.1:${port}/fetch`)).text());
  });
  await inSpan('sockets', async () => {
    print(await exchange({ host: '127.0.0.1', port: other.port }, 'echo'));
    print(await exchange({ host: 'localhost', port: other.port }, 'by name'));
  });
  await inSpan('refused', async () => {
    print(await ask({ host: '127.0.0.1', port: await closedPort() }));
  });
  await inSpan('unix', async () => {
    const local = net.createServer((socket) => socket.end('unix'));
    await listen(local, `${require('node:os').tmpdir()}/iocp-net-spans-${process.pid}`);
    print(await exchange({ path: local.address() }, ''));
    local.close();
  });
  server.closeAllConnections();
  server.close();
  other.server.close();
  for (let round = 0; round < 3; round++) await calm();
  printSpans();
  process.exit();
}

main();
