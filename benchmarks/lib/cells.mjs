// Every cell of the table: a scenario with its parameters. Each scenario is one file in scenarios/.

const KIB = 1024;
const MIB = 1024 * KIB;

const number = new Intl.NumberFormat('en').format;
const size = (bytes) =>
  bytes >= MIB ? `${bytes / MIB} MiB` : bytes >= KIB ? `${bytes / KIB} KiB` : `${bytes} B`;
const count = (connections) => `${number(connections)} connection${connections === 1 ? '' : 's'}`;

/** kind: 'message' and 'cold' (CPU time for each `unit`), or 'memory' (bytes for each `unit`). */
function cell(group, scenario, title, parameters, options = {}) {
  const id = `${scenario}/${Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')}`;
  return { id, group, scenario, title, parameters, kind: 'message', unit: 'message', ...options };
}

/** @param {(all: readonly T[], few: readonly T[]) => readonly T[]} choose  @template T */
function echo(choose) {
  const cells = [];
  for (const connections of choose([1, 50, 500, 1000], [1, 50, 500])) {
    for (const bytes of choose([64, KIB, 16 * KIB, 64 * KIB], connections === 50 ? [64, 16 * KIB] : [64])) {
      const title = `${count(connections)}, ${size(bytes)}`;
      cells.push(cell('Echo round trips', 'echo', title, { connections, bytes }));
    }
  }
  return cells;
}

function streams(choose) {
  const group = 'Streams';
  const cells = [
    cell(group, 'echo', '50 connections, 64 B, 16 in flight', { connections: 50, bytes: 64, depth: 16 }),
  ];
  const directions = [
    ['upload', 'to the server'],
    ['download', 'from the server'],
    ['pipe', 'both ways'],
  ];
  for (const connections of choose([1, 8], [8])) {
    for (const [scenario, direction] of choose(directions, directions.slice(0, 1))) {
      const title = `bulk ${direction}, ${count(connections)}`;
      cells.push(cell(group, scenario, title, { connections, bytes: MIB }, { unit: 'MiB' }));
    }
  }
  for (const corked of choose([false, true], [true])) {
    const title = `64 writes of 64 B${corked ? ', corked' : ''}`;
    cells.push(cell(group, 'writes', title, { connections: 20, writes: 64, corked }, { unit: '64 writes' }));
  }
  return cells;
}

function connections(choose) {
  const group = 'Connections';
  const unit = { unit: 'connection' };
  const cells = [
    cell(
      group,
      'churn',
      'connect, one round trip, close; 50 at a time',
      { connections: 50, bytes: 64 },
      unit,
    ),
  ];
  const burst = { connections: 500, bytes: 64, burst: true };
  const bursts = cell(group, 'churn', 'the same in bursts of 500', burst, unit);
  cells.push(...choose([bursts], []));
  const local = process.platform === 'win32' ? 'named pipe' : 'Unix socket';
  const pipes = [
    [1, 64],
    [50, 64],
    [50, 16 * KIB],
  ];
  for (const [open, bytes] of choose(pipes, [])) {
    const title = `${local}: ${count(open)}, ${size(bytes)}`;
    cells.push(cell(group, 'echo', title, { connections: open, bytes, local: true }));
  }
  return cells;
}

/** "Hello World", each time a request. */
function servers(choose) {
  const group = 'Servers';
  const hello = (name, scenario, parameters) =>
    cell(group, scenario, `${name}, ${count(parameters.connections)}`, parameters, { unit: 'request' });
  const http = (framework, connections) =>
    hello(framework === 'http' ? 'http.Server' : framework, 'http', { framework, connections });
  const posted = (connections, post) =>
    hello(`http.Server, bodies of ${size(post)}`, 'http', { framework: 'http', connections, post });
  const sockets = { connections: 500, bytes: 64 };
  return [
    ...choose([1, 4, 50, 500], [1, 50]).map((connections) => http('http', connections)),
    ...choose(
      [
        posted(50, 16 * KIB),
        posted(8, MIB),
        hello('http.Server, 100,000 requests kept alive', 'http', {
          framework: 'http',
          connections: 1,
          requests: 100_000,
        }),
        http('express', 1),
        http('express', 50),
        http('fastify', 50),
        hello('HTTP/2', 'http2', { connections: 50 }),
        cell(group, 'websocket', `WebSocket echo (ws), ${count(500)}, ${size(64)}`, sockets),
      ],
      [],
    ),
  ];
}

function proxies(choose) {
  const group = 'Proxies';
  const piped = (connections, bytes, unit) =>
    cell(
      group,
      'proxy',
      `pipe() both ways, ${count(connections)}, ${size(bytes)}`,
      { connections, bytes },
      unit,
    );
  const http = { connections: 50 };
  return choose(
    [
      piped(50, 64),
      piped(8, MIB, { unit: 'MiB' }),
      cell(group, 'http-proxy', `http.request() for each request, ${count(50)}`, http, { unit: 'request' }),
    ],
    [],
  );
}

function overTls(choose) {
  const group = 'TLS';
  const cells = [];
  for (const connections of choose([1, 50], [50])) {
    for (const bytes of choose([64, KIB, 16 * KIB, 64 * KIB], [64])) {
      const title = `TLS echo, ${count(connections)}, ${size(bytes)}`;
      cells.push(cell(group, 'tls', title, { connections, bytes }));
    }
  }
  const unit = { unit: 'request' };
  const https = { framework: 'http', connections: 50, tls: true };
  const servers = [
    cell(group, 'http', `https.Server, ${count(50)}`, https, unit),
    cell(group, 'http2', `HTTP/2, ${count(50)}`, { connections: 50, tls: true }, unit),
  ];
  return [...cells, ...choose(servers, [])];
}

function latency(choose) {
  return choose([2_000, 10_000, 30_000], [5_000]).map((rate) =>
    cell('Latency at a fixed rate', 'echo', `50 connections, 64 B, ${number(rate)}/s`, {
      connections: 50,
      bytes: 64,
      rate,
    }),
  );
}

/** From the start of the process on, everything included. */
function coldStarts(choose) {
  const group = 'Cold start';
  const start = (first, title, scenario, parameters) =>
    cell(group, scenario, `start, then ${title}`, { ...parameters, first }, { kind: 'cold', unit: 'start' });
  return choose(
    [
      start(1, '1 round trip', 'echo', { connections: 1, bytes: 64 }),
      start(1_000, '1,000 round trips on 50 connections', 'echo', { connections: 50, bytes: 64 }),
      start(1_000, '1,000 requests of http on 50 connections', 'http', {
        framework: 'http',
        connections: 50,
      }),
    ],
    [],
  );
}

function memory(choose) {
  const group = 'Memory';
  const cells = choose([1_000, 5_000, 10_000], [1_000]).map((connections) =>
    cell(group, 'idle', `${number(connections)} idle connections`, { connections }, memoryOf('connection')),
  );
  const slow = cell(
    group,
    'slow',
    '20 peers that do not read, 16 MiB for each',
    { connections: 20 },
    memoryOf('connection'),
  );
  const retained = cell(
    group,
    'retained',
    '100,000 chunks of 64 B, all kept',
    { connections: 50, bytes: 64, messages: 100_000 },
    memoryOf('chunk'),
  );
  return [...cells, ...choose([slow, retained], [])];
}

const memoryOf = (unit) => ({ kind: 'memory', unit });

/** @param {'full' | 'quick'} extent */
export function allCells(extent) {
  const choose = (all, few) => (extent === 'quick' ? few : all);
  const groups = [echo, streams, connections, servers, proxies, overTls, latency, coldStarts, memory];
  return groups.flatMap((group) => group(choose));
}

/** The cell with this id, or those whose id, group or title has one of the texts between commas; of every selection. */
export function selectCells(cells, selections) {
  if (selections.length === 0) return cells;
  const named = (text) =>
    cells.filter((one) => [one.id, one.group, one.title].some((field) => field.toLowerCase().includes(text)));
  const chosenBy = (selection) => {
    const exact = cells.filter(({ id }) => id === selection);
    if (exact.length > 0) return exact;
    // Ids and names have commas of their own.
    const whole = named(selection.toLowerCase());
    if (whole.length > 0) return whole;
    const texts = selection.toLowerCase().split(',');
    return texts.filter((text) => text !== '').flatMap(named);
  };
  const chosen = new Set(selections.flatMap(chosenBy));
  return cells.filter((one) => chosen.has(one));
}

/** From this size on, node:net has two speeds on glibc (see docs/benchmarks.md). */
export function isLarge({ parameters }) {
  return (parameters.bytes ?? 0) >= 16 * KIB;
}

/** The figure that the cell is judged by; less is better. */
export function primaryFigure({ kind }) {
  return kind === 'memory' ? 'memoryBytes' : 'cpuUs';
}
