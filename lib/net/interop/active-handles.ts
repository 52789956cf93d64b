// What keeps the process alive, for those who ask Node: process._getActiveHandles(), _getActiveRequests(),
// getActiveResourcesInfo() and process.report show our servers and sockets under the names of Node's.

import { define } from '../../node/define.js';
import type { Endpoint } from '../../port/endpoint.js';
import { StreamEndpoint } from '../../port/endpoint.js';
import { ListeningEndpoint } from '../../port/listening-endpoint.js';
import { Pipe, unconnected } from '../connection/socket-handle.js';
import { tryPort } from '../engine-port.js';

interface Owner {
  /** Of a stream's owner. */
  socket?: object;
  /** Of a listener's: its server. */
  owner?: object;
  request?: object;
}

interface Listed {
  name: string;
  object: object;
}

type ActiveProcess = Record<
  '_getActiveHandles' | '_getActiveRequests' | 'getActiveResourcesInfo',
  (this: unknown) => unknown[]
>;

const active = process as unknown as ActiveProcess;

function endpoints(): Endpoint[] {
  return [...(tryPort()?.endpoints() ?? [])];
}

const ownerOf = (endpoint: Endpoint) => (endpoint as { owner?: Owner }).owner ?? {};

/** Our servers and sockets that are referenced. */
function handles(): Listed[] {
  const listed: Listed[] = [];
  for (const handle of unconnected) {
    if (!handle.hasRef()) continue;
    listed.push({ name: handle instanceof Pipe ? 'PipeWrap' : 'TCPSocketWrap', object: handle.holder });
  }
  for (const endpoint of endpoints()) {
    const { socket, owner } = ownerOf(endpoint);
    const object = socket ?? owner;
    if (object === undefined || !endpoint.hasRef()) continue;
    const { pipe } = endpoint as StreamEndpoint | ListeningEndpoint;
    const tcp = endpoint instanceof ListeningEndpoint ? 'TCPServerWrap' : 'TCPSocketWrap';
    listed.push({ name: pipe ? 'PipeWrap' : tcp, object });
  }
  return listed;
}

/** Connects that are under way. */
function requests(): object[] {
  return endpoints().flatMap((endpoint) => {
    const { request } = ownerOf(endpoint);
    return endpoint instanceof StreamEndpoint && endpoint.isConnecting() && request ? [request] : [];
  });
}

/** Node lists requests, then handles, then timers and immediates. */
function resources(theirs: unknown[]): unknown[] {
  const timers = theirs.findIndex((name) => name === 'Timeout' || name === 'Immediate');
  const at = timers < 0 ? theirs.length : timers;
  const names = handles().map(({ name }) => name);
  return [...requests().map(() => 'ConnectWrap'), ...theirs.slice(0, at), ...names, ...theirs.slice(at)];
}

interface Report {
  libuv?: unknown;
}

type Address = Exclude<ReturnType<Endpoint['localAddress']>, number>;

function endOf(address: Address | number): object | null {
  if (typeof address === 'number') return null;
  const { address: host, family, port } = address;
  return { host, [family === 'IPv6' ? 'ip6' : 'ip4']: host, port };
}

/** An endpoint as a diagnostic report describes a handle. */
function described(endpoint: Endpoint): object {
  const stream = endpoint instanceof StreamEndpoint ? endpoint : null;
  const { pipe } = endpoint as StreamEndpoint | ListeningEndpoint;
  const open = stream !== null && !stream.isConnecting() && !stream.isClosing();
  const descriptor = endpoint.descriptor();
  return {
    type: pipe ? 'pipe' : 'tcp',
    is_active: !endpoint.isClosing(),
    is_referenced: endpoint.hasRef(),
    address: `iocp-net:${endpoint.index}`,
    ...(pipe ? {} : { localEndpoint: endOf(endpoint.localAddress()) }),
    ...(pipe ? {} : { remoteEndpoint: stream === null ? null : endOf(stream.peerAddress()) }),
    ...(descriptor < 0 ? {} : { fd: descriptor }),
    writeQueueSize: open ? stream.queuedBytes() : 0,
    readable: open,
    writable: open,
  };
}

function withOurs(report: unknown): unknown {
  const { libuv } = (report ?? {}) as Report;
  if (Array.isArray(libuv)) for (const endpoint of endpoints()) libuv.push(described(endpoint));
  return report;
}

let shown = false;
const wrapped: { object: object; key: string; before: unknown; after: unknown }[] = [];

function wrap(object: object, key: string, add: (theirs: never) => unknown): void {
  const before = (object as Record<string, unknown>)[key];
  if (typeof before !== 'function') return; // this Node has none
  const after = function (this: unknown, ...args: unknown[]): unknown {
    const theirs: unknown = before.apply(this, args);
    return shown ? add(theirs as never) : theirs;
  };
  for (const name of ['name', 'length']) {
    define(after, name, { value: before[name as 'name'], configurable: true });
  }
  (object as Record<string, unknown>)[key] = after;
  wrapped.push({ object, key, before, after });
}

/** Adds ours to what Node lists. Returns false when that has been done before. */
export function showActiveHandles(): boolean {
  if (shown) return false;
  shown = true;
  const theirs = Array.isArray;
  wrap(active, '_getActiveHandles', (list: unknown[]) =>
    theirs(list) ? [...list, ...handles().map(({ object }) => object)] : list,
  );
  wrap(active, '_getActiveRequests', (list: unknown[]) => (theirs(list) ? [...list, ...requests()] : list));
  wrap(active, 'getActiveResourcesInfo', (list: unknown[]) => (theirs(list) ? resources(list) : list));
  if (process.report) wrap(process.report, 'getReport', withOurs);
  return true;
}

/** Puts Node's functions back, where nobody else has replaced them since. */
export function hideActiveHandles(): void {
  shown = false;
  for (const { object, key, before, after } of wrapped.splice(0).reverse()) {
    const functions = object as Record<string, unknown>;
    if (functions[key] === after) functions[key] = before;
  }
}
