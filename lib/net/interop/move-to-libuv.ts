// A socket that the port carries becomes one of node:net's, in the middle of its connection: TLS and HTTP/2 read and
// write in C++, on a handle of libuv's. The object stays the same, with its listeners, buffers and counters.
import fs = require('node:fs');

import { builtin } from '../../node/builtin.js';
import { debug } from '../../node/debug.js';
import { defineAll } from '../../node/define.js';
import { errnoException } from '../../node/errors.js';
import type { StreamEndpoint } from '../../port/endpoint.js';
import type { Connection } from '../connection/connection.js';
import { port } from '../engine-port.js';
import { takeHeld } from '../sinks/parser-sink.js';
import { UserBufferSink } from '../sinks/user-buffer-sink.js';
import { kConnection, type ThisSocket, type WriteCallback } from '../state.js';

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

/** The connections on the port of sockets that are node:net's by now. */
const former = new WeakMap<ThisSocket, Connection>();

export function formerOf(socket: ThisSocket): Connection | undefined {
  return former.get(socket);
}

/** The socket is node:net's from now on: every method and getter of ours finds that out. */
export function leavePort(socket: ThisSocket): void {
  const connection = socket[kConnection];
  former.set(socket, connection);
  connection.letGo();
  (socket as { [kConnection]: unknown })[kConnection] = undefined;
}

/** A socket that had left the port connects as one of the port's again. */
export function comeBackToPort(socket: ThisSocket): void {
  const connection = former.get(socket);
  if (connection === undefined) return;
  former.delete(socket);
  socket[kConnection] = connection;
}

/**
 * Moves a connected socket from the port to libuv, with what is under way. False where its descriptor cannot leave the
 * port: the socket is then as it was.
 */
export function moveToLibuv(socket: ThisSocket): boolean {
  const connection = socket[kConnection];
  if (connection === undefined || socket.connecting || connection.lent !== null) return false;
  const { endpoint, handle: own } = connection;
  if (endpoint === null || own === null) return false;
  const unsent = endpoint.unsent();
  // The events of the handle belong where those of the socket do.
  const context = own.asyncContext;
  const handle = context.runInAsyncScope(openDuplicate, undefined, endpoint);
  if (handle === undefined) return false;
  debug('a socket moves to libuv: it is read and written in C++ from now on');
  const { chunks, status } = port().withdraw(endpoint);
  const referenced = endpoint.hasRef();
  own.leave();
  context.runInAsyncScope(() => {
    become(socket, handle);
    goOn(socket, connection, { chunks, receiveStatus: status, unsent, referenced });
  });
  return true;
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
  Reflect.deleteProperty(before, kConnection);
  const { options } = socket[kConnection];
  const userBuffer = UserBufferSink.of(socket[kConnection]);
  // The constructor neither listens to 'end' a second time nor starts a class's own _construct() again.
  const quiet = { value: () => socket, configurable: true, writable: true, enumerable: false };
  defineAll(socket, { on: quiet, _construct: { ...quiet, value: undefined } });
  leavePort(socket);
  (builtin.Socket as unknown as Construct).call(socket, {
    handle,
    manualStart: true,
    allowHalfOpen: socket.allowHalfOpen,
    noDelay: options?.noDelay,
    keepAlive: options?.keepAlive,
    ...(options?.keepAlive && { keepAliveInitialDelay: options.keepAliveIdleSeconds * 1000 }),
    ...(options?.typeOfService !== undefined && { typeOfService: options.typeOfService }),
    onread: userBuffer?.option ?? null,
  });
  for (const key of ['on', '_construct']) Reflect.deleteProperty(socket, key);
  defineAll(socket, before);
}

function goOn(
  socket: ThisSocket,
  connection: Connection,
  { chunks, receiveStatus, unsent, referenced }: UnderWay,
): void {
  for (const chunk of chunks) connection.countRead(chunk.length);
  const all = [...takeHeld(connection), ...chunks];
  if (all.length > 0) buffer(socket, all);
  if (unsent.length > 0) writeRest(socket, connection, unsent);
  if (!referenced) theirs.unref.call(socket);
  if (receiveStatus < 0) {
    process.nextTick(() => socket.destroy(errnoException(receiveStatus, 'read')));
  } else if (connection.reading) {
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

function writeRest(socket: ThisSocket, connection: Connection, unsent: Uint8Array[]): void {
  const callback = connection.takeWriteCallback() as WriteCallback;
  for (const chunk of unsent) connection.uncountWritten(chunk.length); // the handle counts them
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
