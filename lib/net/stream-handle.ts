// What tls and http2 find in `socket._handle`: a native stream of Node's that moves its bytes through our endpoint.
//
// Both modules work in C++ on a stream object, and wrap a socket that has none into a second, complete net.Socket
// (JSStreamSocket). That wrapper hides the addresses of the connection and costs a stream more per connection, so a
// socket that is about to be handed to them shows the bare native half of it instead.
import { Buffer } from 'node:buffer';
import type net from 'node:net';

import stream = require('node:stream');

import type tls from 'node:tls';

import { runTicks, SLAB_WRITE_BYTES_MAX } from '../port/port.js';
import { port } from './engine-port.js';
import { type NetError, statusOf } from './errors.js';
import { HTTP2_PREFACE_BYTES, http2Frames, MessageCutter, tlsRecords } from './messages.js';
import {
  hasHandle,
  kBytesWritten,
  kEndpoint,
  kLastQueuedBytes,
  kShutdownCallback,
  kStreamHandle,
  kWriteCallback,
  type ThisSocket,
  type WriteCallback,
} from './state.js';
import { refreshIdle, startReceiving, stopReceiving } from './transfer.js';

/** Node's JSStream: reads are pushed into it, writes and the shutdown come out as calls. */
export interface StreamHandle {
  /** Pushes what has arrived into the stream, message by message. */
  feed(bytes: Uint8Array): void;
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
export function showStreamHandle(socket: ThisSocket, protocol: Protocol): void {
  if (socket[kStreamHandle] !== null || !hasHandle(socket)) return;
  const Handle = streamHandleClass();
  if (Handle !== null) socket[kStreamHandle] = adapt(new Handle(), socket, cutterFor(protocol));
}

const takers = new Map<object, Protocol>();
let takenOverNow = false;

export type Protocol = 'tls' | 'http2-server' | 'http2-client';

function cutterFor(protocol: Protocol): MessageCutter {
  if (protocol === 'tls') return new MessageCutter(tlsRecords);
  return new MessageCutter(http2Frames, protocol === 'http2-server' ? HTTP2_PREFACE_BYTES : 0);
}

/** Servers with this prototype hand each accepted socket to C++ (tls, http2). */
export function registerTaker(prototype: object, protocol: Protocol): void {
  takers.set(prototype, protocol);
}

/** What a server hands its accepted sockets to, if it does not keep them. */
export function takerOf(server: object): Protocol | undefined {
  for (let o: object | null = server; takers.size > 0 && o !== null; o = Object.getPrototypeOf(o) as object) {
    const protocol = takers.get(o);
    if (protocol !== undefined) return protocol;
  }
  return undefined;
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

function adapt(handle: StreamHandle, socket: ThisSocket, cutter: MessageCutter): StreamHandle {
  const own: Record<string, unknown> = {
    reading: false,
    feed: (bytes: Uint8Array) => feed(handle, socket, cutter, bytes),
    isClosing: () => !hasHandle(socket),
    onreadstart() {
      if (!socket.connecting) startReceiving(socket);
      return 0;
    },
    onreadstop() {
      if (!socket.connecting) stopReceiving(socket);
      return 0;
    },
    onwrite: (request: object, chunks: Uint8Array[]) => writeThrough(handle, socket, request, chunks),
    onshutdown: (request: object) => shutDown(handle, socket, request),
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

/**
 * One message at a time, with ticks between two: Node's native streams hear several messages in one read, but with
 * nothing of JavaScript below them, so that the ticks of the first one's events run before the second is looked at.
 */
function feed(handle: StreamHandle, socket: ThisSocket, cutter: MessageCutter, bytes: Uint8Array): void {
  let end = 0;
  feeding++;
  for (let from = 0; from < bytes.length && hasHandle(socket); from = end) {
    end = cutter.next(bytes, from);
    try {
      if (from > 0) runTicks();
      handle.readBuffer(end - from === bytes.length ? bytes : bytes.subarray(from, end));
    } catch (error) {
      // What follows is not lost over it.
      port().native.uncaught(error);
    }
  }
  feeding--;
  settleTaken();
}

function copyAddress(address: Partial<net.AddressInfo>, out: object): number {
  Object.assign(out, address);
  return 0;
}

// ---- writes: the native side counts a request as under way until it is finished, which must not be inside of the call.
// A tick later is soon enough for what follows to leave in the same turn, as it does on a libuv stream. ----

let taken: WriteCallback[] = [];
let feeding = 0;

function writeThrough(
  handle: StreamHandle,
  socket: ThisSocket,
  request: object,
  chunks: Uint8Array[],
): number {
  const endpoint = socket[kEndpoint];
  if (endpoint === null) return ECANCELED;
  const settle: WriteCallback = (error) =>
    handle.finishWrite(request, error == null ? 0 : ((error as NetError).errno ?? ECANCELED));
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
  if (total <= SLAB_WRITE_BYTES_MAX && endpoint.takes(total)) {
    for (const chunk of chunks) if (chunk.length > 0) endpoint.sendSmall(chunk);
  } else {
    sent = endpoint.send(chunks.length === 1 ? (chunks[0] as Uint8Array) : chunks, total);
    if (sent < 0) return sent;
  }
  socket[kBytesWritten] += total;
  if (sent < total) {
    socket[kLastQueuedBytes] = total;
    socket[kWriteCallback] = settle;
  } else if (taken.push(settle) === 1) {
    process.nextTick(settleTaken);
  }
  return 0;
}

/** Finishes what the kernel has taken at once; while a chunk is being fed, behind all of its messages. */
function settleTaken(): void {
  if (feeding > 0) return;
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
  socket[kShutdownCallback] = () => handle.finishShutdown(request, 0);
  endpoint.shutdown();
  return 0;
}
