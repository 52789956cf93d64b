// A socket that the port carries becomes one of node:net's, in the middle of its connection: TLS and HTTP/2 read and
// write in C++, on a handle of libuv's. The object stays the same, with its listeners, buffers and counters.
import fs = require('node:fs');

import type { StreamEndpoint } from '../port/endpoint.js';
import { builtin } from './builtin.js';
import { debug } from './debug.js';
import { defineAll } from './define.js';
import { port } from './engine-port.js';
import { errnoException } from './errors.js';
import {
  kBytesRead,
  kBytesWritten,
  kContext,
  kEndpoint,
  kHandle,
  kLent,
  kOptions,
  kReading,
  kUserBuffer,
  kWriteCallback,
  type ThisSocket,
  type WriteCallback,
} from './state.js';

type Construct = (this: unknown, options: unknown) => void;
const theirs = builtin.Socket.prototype as unknown as {
  _read(this: ThisSocket, size: number): void;
  _writeGeneric(
    this: ThisSocket,
    writev: boolean,
    data: unknown,
    encoding: string,
    callback: WriteCallback,
  ): void;
  unref(this: ThisSocket): void;
};

/** What is under way on a connection when it leaves the port. */
interface UnderWay {
  /** Received, and not delivered yet. */
  chunks: Buffer[];
  receiveStatus: number;
  /** What the kernel has not taken of the outstanding write. */
  unsent: Uint8Array[];
  referenced: boolean;
}

/** Whether the socket was carried by the port before it was moved to libuv. */
export function wasCarried(socket: ThisSocket): boolean {
  return socket[kEndpoint] === undefined && socket[kBytesRead] !== undefined;
}

/**
 * Moves a connected socket from the port to libuv, with what is under way. False where its descriptor cannot leave the
 * port: the socket is then as it was.
 */
export function moveToLibuv(socket: ThisSocket): boolean {
  const endpoint = socket[kEndpoint];
  if (endpoint == null || socket.connecting || socket[kLent] !== null) return false;
  const unsent = endpoint.unsent();
  const handle = inContext(socket, () => openDuplicate(endpoint));
  if (handle === undefined) return false;
  debug('a socket moves to libuv: it is read and written in C++ from now on');
  const { chunks, status } = port().withdraw(endpoint);
  const referenced = endpoint.hasRef();
  socket[kHandle]?.leave();
  inContext(socket, () => {
    become(socket, handle);
    goOn(socket, { chunks, receiveStatus: status, unsent, referenced });
  });
  return true;
}

/** The events of the handle belong where those of the socket do. */
function inContext<T>(socket: ThisSocket, call: () => T): T {
  const context = socket[kContext];
  return context === null ? call() : context.runInAsyncScope(call);
}

/** A libuv handle of the same connection. */
function openDuplicate(endpoint: StreamEndpoint): unknown {
  const descriptor = endpoint.duplicate();
  if (descriptor < 0) {
    debug('a socket cannot move to libuv here (error %d)', descriptor);
    return undefined;
  }
  try {
    const opened = new builtin.Socket({ fd: descriptor, manualStart: true } as never) as unknown as {
      _handle: unknown;
    };
    const handle = opened._handle;
    opened._handle = null;
    return handle;
  } catch (error) {
    fs.closeSync(descriptor);
    debug('a socket cannot move to libuv here (%s)', error);
    return undefined;
  }
}

/**
 * Makes the object one of node:net's, by node:net's own constructor. What the socket had before (its listeners and
 * buffers above all) it has afterwards.
 */
function become(socket: ThisSocket, handle: unknown): void {
  const before = Object.getOwnPropertyDescriptors(socket) as PropertyDescriptorMap;
  Reflect.deleteProperty(before, kEndpoint);
  const options = socket[kOptions];
  const user = socket[kUserBuffer];
  // The constructor neither listens to 'end' a second time nor starts a class's own _construct() again.
  const quiet = { value: () => socket, configurable: true, writable: true, enumerable: false };
  defineAll(socket, { on: quiet, _construct: { ...quiet, value: undefined } });
  socket[kEndpoint] = undefined as never;
  (builtin.Socket as unknown as Construct).call(socket, {
    handle,
    manualStart: true,
    allowHalfOpen: socket.allowHalfOpen,
    noDelay: options?.noDelay,
    keepAlive: options?.keepAlive,
    ...(options?.keepAlive && { keepAliveInitialDelay: options.keepAliveIdleSeconds * 1000 }),
    ...(options?.typeOfService !== undefined && { typeOfService: options.typeOfService }),
    onread: user === null ? null : { buffer: user.next ?? user.buffer, callback: user.callback },
  });
  for (const key of ['on', '_construct']) Reflect.deleteProperty(socket, key);
  defineAll(socket, before);
}

function goOn(socket: ThisSocket, { chunks, receiveStatus, unsent, referenced }: UnderWay): void {
  for (const chunk of chunks) socket[kBytesRead] += chunk.length;
  if (chunks.length > 0) buffer(socket, chunks);
  if (unsent.length > 0) writeRest(socket, unsent);
  if (!referenced) theirs.unref.call(socket);
  if (receiveStatus < 0) {
    process.nextTick(() => socket.destroy(errnoException(receiveStatus, 'read')));
  } else if (socket[kReading]) {
    const handle = (socket as unknown as { _handle: { reading: boolean } })._handle;
    // After the end of the peer's direction libuv's handle would no longer read, either.
    if (socket._readableState.ended) handle.reading = true;
    else theirs._read.call(socket, 0);
  }
}

/** Received bytes go to the new owner of the socket, not to the listeners that it has. */
function buffer(socket: ThisSocket, chunks: Buffer[]): void {
  const flowing = socket.readableFlowing;
  socket.readableFlowing = false;
  for (const chunk of chunks) socket.push(chunk);
  if (flowing !== true) {
    socket.readableFlowing = flowing;
    return;
  }
  process.nextTick(() => {
    if (socket.readableFlowing === false && !socket.isPaused()) socket.readableFlowing = flowing;
  });
}

function writeRest(socket: ThisSocket, unsent: Uint8Array[]): void {
  const callback = socket[kWriteCallback] as WriteCallback;
  socket[kWriteCallback] = null;
  for (const chunk of unsent) socket[kBytesWritten] -= chunk.length; // the handle counts them
  // Never before the caller goes on: it has not finished with the socket yet.
  let inCall = true;
  const done: WriteCallback = (error) => {
    if (inCall) process.nextTick(callback, error);
    else callback(error);
  };
  const list = unsent.map((chunk) => ({ chunk, encoding: 'buffer' }));
  if (list.length === 1) theirs._writeGeneric.call(socket, false, unsent[0], 'buffer', done);
  else theirs._writeGeneric.call(socket, true, Object.assign(list, { allBuffers: true }), '', done);
  inCall = false;
}
