// The performance entries of type 'net' (name 'connect'), which only node:net itself can make.
//
// While somebody observes them, each connection of ours is shadowed by a socket of node:net's on a handle that does
// nothing: it begins and ends its connect() when ours does, and node:net reports it.
import { channel } from 'node:diagnostics_channel';
import { PerformanceObserver } from 'node:perf_hooks';
import { builtin } from './builtin.js';
import { define } from './define.js';

let observed = false;
const sockets = channel('net.client.socket');

interface ObserveOptions {
  type?: string;
  entryTypes?: readonly string[];
}

/** Notices the first observer of such entries; before it, a connection pays nothing. */
export function noticeObservers(): void {
  const prototype = PerformanceObserver.prototype as unknown as { observe(options?: ObserveOptions): void };
  const { observe } = prototype;
  const noticing = {
    observe(this: unknown, options?: ObserveOptions) {
      if (options?.type === 'net' || options?.entryTypes?.includes?.('net')) observed = true;
      return observe.call(this, options);
    },
  };
  // On a frozen prototype nobody can be noticed: every connection pays, as if it were observed.
  if (!Reflect.set(prototype, 'observe', noticing.observe)) observed = true;
}

/** Begins the entry of a connection to `host`:`port`; the returned function ends it. */
export function observeConnect(host: string, port: number): (() => void) | undefined {
  if (!observed) return undefined;
  let complete: (() => void) | undefined;
  const handle = {
    connect(request: { oncomplete(...args: unknown[]): void }) {
      complete = () => request.oncomplete(0, handle, request, false, false);
      return 0;
    },
    connect6: (request: { oncomplete(...args: unknown[]): void }) => handle.connect(request),
    close: (closed?: () => void) => closed?.(),
    readStart: () => 0,
    readStop: () => 0,
    reading: false,
  };
  const shadow = new builtin.Socket({ handle, manualStart: true, readable: false } as never);
  shadow.on('error', () => {});
  unpublished(() => shadow.connect({ host, port }));
  return () => {
    complete?.();
    shadow.destroy();
  };
}

/** Subscribers have been given our socket: the shadow is not published. */
function unpublished(connect: () => void): void {
  const own = Object.getOwnPropertyDescriptor(sockets, 'publish');
  define(sockets, 'publish', { value: () => {}, configurable: true });
  try {
    connect();
  } finally {
    if (own === undefined) delete (sockets as { publish?: unknown }).publish;
    else define(sockets, 'publish', own);
  }
}
