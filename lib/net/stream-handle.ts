// What tls and http2 find in `socket._handle`: a native stream of Node's that moves its bytes through our endpoint.
//
// Both modules work in C++ on a stream object, and wrap a socket that has none into a second, complete net.Socket
// (JSStreamSocket). That wrapper hides the addresses of the connection and costs a stream more per connection, so a
// socket that is about to be handed to them shows the bare native half of it instead.
import { Buffer } from 'node:buffer';
import type net from 'node:net';

import stream = require('node:stream');

import type tls from 'node:tls';

import { SLAB_WRITE_BYTES_MAX } from '../port/port.js';
import { runTicks } from '../port/ticks.js';
import { port } from './engine-port.js';
import { type NetError, statusOf } from './errors.js';
import {
  hasHandle,
  kBytesWritten,
  kEndpoint,
  kLastQueuedBytes,
  kSecured,
  kShutdownCallback,
  kStreamHandle,
  kWriteCallback,
  type ThisSocket,
  type WriteCallback,
} from './state.js';
import { refreshIdle, startReceiving, stopReceiving } from './transfer.js';

/** Node's JSStream: reads are pushed into it, writes and the shutdown come out as calls. */
export interface StreamHandle {
  readBuffer(bytes: Uint8Array): void;
  emitEOF(): void;
  finishWrite(request: object, status: number): void;
  finishShutdown(request: object, status: number): void;
  onread: (data?: ArrayBuffer) => void;
  isStreamBase?: boolean;
  reading?: boolean;
  [method: string]: unknown;
}

type StreamHandleClass = new () => StreamHandle;

const ECANCELED = statusOf('ECANCELED');
let known: StreamHandleClass | null | undefined;
// Kept at load: programs replace this export.
let createSecureContext: typeof tls.createSecureContext | undefined;

/** To be called while tls is as Node made it. */
export function prepareStreamHandles(secureContexts: typeof tls.createSecureContext): void {
  createSecureContext = secureContexts;
}

/**
 * The class of those native streams. No module exports it, but every TLSSocket over a stream that is not a net.Socket
 * has one as its handle's parent. Null when this version of Node has none that looks as expected.
 */
function streamHandleClass(): StreamHandleClass | null {
  if (known !== undefined) return known;
  known = null;
  if (createSecureContext === undefined) return null;
  const { TLSSocket } = require('node:tls') as typeof tls;
  const duplex = new stream.Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const probe = new TLSSocket(duplex, {
    isServer: true,
    secureContext: createSecureContext({ ca: [] }),
  });
  const parent = (probe as unknown as { _handle?: { _parent?: StreamHandle } })._handle?._parent;
  const needed = ['readBuffer', 'emitEOF', 'finishWrite', 'finishShutdown'];
  if (parent?.isStreamBase === true && needed.every((name) => typeof parent[name] === 'function')) {
    known = (parent as unknown as { constructor: StreamHandleClass }).constructor;
  }
  probe.on('error', () => {}).destroy();
  return known;
}

/** Lets the socket show a native stream as its `_handle`, for the module that takes it over. */
export function showStreamHandle(socket: ThisSocket): void {
  if (socket[kStreamHandle] !== null || !hasHandle(socket)) return;
  const Handle = streamHandleClass();
  if (Handle !== null) socket[kStreamHandle] = adapt(new Handle(), socket);
}

const takers = new Set<object>();
let takenOverNow = false;

/** Servers with this prototype hand each accepted socket to C++ (tls, http2). */
export function registerTaker(prototype: object): void {
  takers.add(prototype);
}

/** Whether a server hands its accepted sockets on. */
export function isTaker(server: object): boolean {
  for (let o: object | null = server; takers.size > 0 && o !== null; o = Object.getPrototypeOf(o) as object) {
    if (takers.has(o)) return true;
  }
  return false;
}

/** Sockets that net.connect() makes during the call show their stream handle from the start. */
export function takingOver<T>(call: () => T): T {
  takenOverNow = true;
  try {
    return call();
  } finally {
    takenOverNow = false;
  }
}

export const isTakenOver = (): boolean => takenOverNow;

function adapt(handle: StreamHandle, socket: ThisSocket): StreamHandle {
  const own: Record<string, unknown> = {
    reading: false,
    isClosing: () => !hasHandle(socket),
    onreadstart: () => {
      if (!socket.connecting) startReceiving(socket);
      return ranTicks(socket, 0);
    },
    onreadstop: () => {
      if (!socket.connecting) stopReceiving(socket);
      return ranTicks(socket, 0);
    },
    onwrite: (request: object, chunks: Uint8Array[]) =>
      ranTicks(socket, writeThrough(handle, socket, request, chunks)),
    onshutdown: (request: object) => ranTicks(socket, shutDown(handle, socket, request)),
    close(closed?: () => void) {
      if (closed !== undefined) {
        if (socket.closed) setImmediate(closed);
        else socket.once('close', () => closed());
      }
      socket.destroy();
    },
  };
  for (const [name, value] of Object.entries({ ...own, ...methodsOfHandle(socket) })) {
    Object.defineProperty(handle, name, { value, writable: true, configurable: true, enumerable: false });
  }
  // An accessor of Node's. Nobody has taken the stream over, or it was given back: the bytes are the socket's own.
  handle.onread = (data) => {
    if (data === undefined) {
      socket.push(null);
      socket.read(0);
    } else if (!socket.push(Buffer.from(data))) {
      stopReceiving(socket);
    }
  };
  return handle;
}

/**
 * Node runs ticks behind a call of its own to the four above, and takes the call for failed if one of them throws: a
 * request would then be gone that we finish later. Ticks wait there only after a handler that has thrown.
 */
function ranTicks(socket: ThisSocket, status: number): number {
  while (port().callingOutermost && !calledByWrite(socket) && calledByNative()) {
    try {
      runTicks();
      break;
    } catch (error) {
      port().native.uncaught(error);
    }
  }
  return status;
}

interface WritableView {
  _writableState: { writing: boolean; sync: boolean };
}

/** Whether the TLSSocket over us is inside of its `_write`: then JavaScript has called, and the stack need not be asked. */
function calledByWrite(socket: ThisSocket): boolean {
  const state = (socket[kSecured] as WritableView | null)?._writableState;
  return state?.writing === true && state.sync;
}

const FRAMES_OF_OURS = 3; // calledByNative, ranTicks and its caller
const trace: { stack?: unknown } = {};

/** Whether nothing of JavaScript has called the native stream that now calls us. */
function calledByNative(): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.prepareStackTrace = (_error, frames) => frames.length;
  Error.stackTraceLimit = FRAMES_OF_OURS + 1;
  Error.captureStackTrace(trace);
  const frames = trace.stack as unknown as number;
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return frames <= FRAMES_OF_OURS;
}

/** What a TLSSocket asks the handle below it for. */
function methodsOfHandle(socket: ThisSocket): Record<string, unknown> {
  return {
    ref: () => socket.ref(),
    unref: () => socket.unref(),
    hasRef: () => socket[kEndpoint]?.hasRef() ?? true,
    getsockname: (out: object) => copyAddress(socket._getsockname(), out),
    getpeername: (out: object) => copyAddress(socket._getpeername(), out),
    setNoDelay(on: boolean) {
      socket.setNoDelay(on);
      return 0;
    },
    setKeepAlive(on: boolean, ...seconds: number[]) {
      const [idleMs, intervalMs, count] = seconds.map((value, at) => (at < 2 ? value * 1000 : value));
      (socket.setKeepAlive as (...args: unknown[]) => void)(on, idleMs, intervalMs, count);
      return 0;
    },
  };
}

/** Tells a stream of Node's own that wraps our socket what it asks a handle for. */
export function lendMethods(handle: object, socket: ThisSocket): void {
  for (const [name, value] of Object.entries(methodsOfHandle(socket))) {
    if (!(name in handle)) Object.defineProperty(handle, name, { value, configurable: true });
  }
}

function copyAddress(address: Partial<net.AddressInfo>, out: object): number {
  Object.assign(out, address);
  return 0;
}

// ---- writes: the native side counts a request as under way until it is finished, which must not be inside of the call.
// A tick later is soon enough for what follows to leave in the same turn, as it does on a libuv stream. ----

let taken: WriteCallback[] = [];

function writeThrough(
  handle: StreamHandle,
  socket: ThisSocket,
  request: object,
  chunks: Uint8Array[],
): number {
  const endpoint = socket[kEndpoint];
  if (endpoint === null) return ECANCELED;
  const settle: WriteCallback = (error) => {
    const status = error == null ? 0 : ((error as NetError).errno ?? ECANCELED);
    finish(socket, handle, handle.finishWrite, request, status);
  };
  refreshIdle(socket);
  if (socket.writableLength > 0) {
    // Behind what the socket's former user has written and what still waits.
    socket.cork();
    for (const chunk of chunks.slice(0, -1)) socket.write(chunk);
    socket.write(chunks.at(-1) as Uint8Array, (error) => setImmediate(settle, error));
    socket.uncork();
    return 0;
  }
  let total = 0;
  for (const { length } of chunks) total += length;
  let sent = total;
  socket[kBytesWritten] += total; // of a write that fails, too
  if (total <= SLAB_WRITE_BYTES_MAX && endpoint.takes(total)) {
    for (const chunk of chunks) if (chunk.length > 0) endpoint.sendSmall(chunk);
  } else {
    // The chunks are copies that the native stream has made for this write.
    const one = chunks.length === 1;
    sent = one ? endpoint.sendOwned(chunks[0] as Uint8Array) : endpoint.send(chunks, total);
    if (sent < 0) return sent;
    if (sent === total && !one) port().discard(chunks);
  }
  if (sent < total) {
    socket[kLastQueuedBytes] = total;
    socket[kWriteCallback] = (error) => {
      port().discard(chunks);
      settle(error);
    };
  } else if (port().dispatching) {
    port().callAsOutermost(handle, handle.finishWrite, request, 0);
  } else if (taken.push(settle) === 1) {
    process.nextTick(settleTaken);
  }
  return 0;
}

/** Tells the native stream of a completion; of a socket that is gone at once, ahead of its 'close'. */
function finish(
  socket: ThisSocket,
  handle: StreamHandle,
  call: (request: object, status: number) => void,
  request: object,
  status: number,
): void {
  if (port().dispatching && hasHandle(socket)) port().callAsOutermost(handle, call, request, status);
  else call.call(handle, request, status);
}

/** Finishes what the kernel has taken at once. */
function settleTaken(): void {
  const due = taken;
  taken = [];
  let at = 0;
  try {
    while (at < due.length) (due[at++] as WriteCallback)();
  } finally {
    // A handler of the user's has thrown: the others are not lost.
    if (at < due.length && taken.unshift(...due.slice(at)) > 0) process.nextTick(settleTaken);
  }
}

function shutDown(handle: StreamHandle, socket: ThisSocket, request: object): number {
  const endpoint = socket[kEndpoint];
  if (endpoint === null) return ECANCELED;
  socket[kShutdownCallback] = () => finish(socket, handle, handle.finishShutdown, request, 0);
  endpoint.shutdown();
  return 0;
}
