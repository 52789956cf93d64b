// net.Socket over the port: a stream.Duplex with the fields, methods and events of node:net's.
import { addAbortListener } from 'node:events';
import type net from 'node:net';
import { types } from 'node:util';

import stream = require('node:stream');

import { builtin, judge } from '../../node/builtin.js';
import { debug } from '../../node/debug.js';
import { define, defineAll } from '../../node/define.js';
import { endedByPeer, errnoException, statusOf } from '../../node/errors.js';
import { hasBlockList, hasTypeOfService } from '../../node/versions.js';
import type { StreamEndpoint } from '../../port/endpoint.js';
import { Connection } from '../connection/connection.js';
import { handleFor, SocketHandle } from '../connection/socket-handle.js';
import { adoptDescriptor, adoptHandle, isDescriptor, takeReceived } from '../interop/libuv-handles.js';
import { markTransferable } from '../interop/thread-transfer.js';
import { type OnRead, UserBufferSink } from '../sinks/user-buffer-sink.js';
import { kAsyncId, kConnection, kTimeout, type ThisSocket } from '../state.js';
import { duplex, methodDescriptors } from './methods.js';
import { propertyDescriptors } from './properties.js';
import { socketTransferMethods } from './socket-transfer.js';

const EEXIST = statusOf('EEXIST');

export interface SocketOptions extends net.SocketConstructorOpts {
  handle?: unknown;
  objectMode?: boolean;
  readableObjectMode?: boolean;
  writableObjectMode?: boolean;
  noDelay?: boolean;
  keepAlive?: boolean;
  keepAliveInitialDelay?: number;
  keepAliveInterval?: number;
  typeOfService?: number;
  highWaterMark?: number;
  readableHighWaterMark?: number;
  writableHighWaterMark?: number;
  pauseOnCreate?: boolean;
  manualStart?: boolean;
  blockList?: net.BlockList;
  onread?: { buffer: Uint8Array | (() => Uint8Array); callback: OnRead } | null;
}

type StreamOptions = SocketOptions & stream.DuplexOptions;

/** What a server asks of the sockets that it accepts. */
export class AcceptedOptions implements stream.DuplexOptions {
  readonly emitClose = false;
  readonly autoDestroy = true;
  readonly decodeStrings = false;
  readonly writableHighWaterMark: number;

  constructor(
    readonly allowHalfOpen: boolean,
    readonly readableHighWaterMark: number,
    readonly pauseOnCreate: boolean,
  ) {
    this.writableHighWaterMark = readableHighWaterMark;
  }
}

const isOurs = Object.prototype.isPrototypeOf;
const construct = builtin.Socket as unknown as (this: unknown, options: unknown) => unknown;

/**
 * net.Socket. Callable without `new`, on a subclass's instance, and as a class's super.
 * Descriptors and handles of libuv's that the port cannot carry are left to node:net's own Socket.
 */
export const Socket = function Socket(
  this: ThisSocket,
  options?: SocketOptions | number | AcceptedOptions,
): unknown {
  if (new.target === undefined && !isOurs.call(Socket.prototype, this)) {
    // A class that was derived from node:net's own before ours took its name calls its base's constructor by that name.
    if (isOurs.call(builtin.Socket.prototype, this)) return construct.call(this, options);
    return Reflect.construct(Socket, [options]);
  }
  let given: StreamOptions;
  let found: StreamEndpoint | SocketHandle | null = null;
  if (options instanceof AcceptedOptions) {
    given = options;
  } else {
    const asked = typeof options === 'number' ? { fd: options } : (options ?? {});
    judgeOptions(asked);
    const adoption = asked.handle || asked.fd !== undefined ? adopted(asked) : null;
    if (adoption === undefined) {
      // The object is node:net's from now on: every method and property of ours finds that out.
      const why = asked.handle
        ? 'a handle of Node, which keeps it'
        : 'a descriptor that the port does not carry';
      debug('%s over %s: libuv', this.constructor.name, why);
      return construct.call(this, options);
    }
    found = adoption;
    given = { ...asked };
    given.allowHalfOpen = Boolean(given.allowHalfOpen);
    given.emitClose = false;
    given.autoDestroy = true;
    given.decodeStrings = false;
  }

  // All fields here, where the engine sees them before it makes the first object: with more than a dozen that it has not
  // foreseen an object becomes a hash table, of four times the size.
  this.connecting = false;
  this._hadError = false;
  this._parent = null;
  this._host = null;
  this._closeAfterHandlingError = false;
  this[kConnection] = new Connection(this);
  this[kAsyncId] = -1;
  this[kTimeout] = null;
  (stream.Duplex as unknown as (this: unknown, options: unknown) => void).call(this, given);
  this.on('end', onReadableStreamEnd);
  this._sockname = null;
  this._pendingData = null;
  this._pendingEncoding = '';
  this.server = null;
  this._server = null;

  markTransferable?.(this);
  if (!(options instanceof AcceptedOptions)) initialize(this, given, found);
  return undefined;
} as unknown as typeof net.Socket & ((options?: SocketOptions) => net.Socket);

function adopted({ handle, fd }: SocketOptions): StreamEndpoint | SocketHandle | undefined {
  if (handle instanceof SocketHandle) return handle;
  if (handle) return takeReceived(handle) ? adoptHandle(handle) : undefined;
  if (!isDescriptor(fd)) return undefined;
  const endpoint = adoptDescriptor(fd);
  if (endpoint === EEXIST) throw errnoException(EEXIST, 'open');
  return typeof endpoint === 'number' ? undefined : endpoint;
}

Object.setPrototypeOf(Socket.prototype, builtin.Socket.prototype);
Object.setPrototypeOf(Socket, stream.Duplex);
// Sockets that node:net carries (process.stdin, a child's stdio) are sockets to a program that asks us.
define(Socket, Symbol.hasInstance, {
  value(this: unknown, value: unknown) {
    if (this === Socket) return value instanceof builtin.Socket;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  },
});

const described = { ...methodDescriptors(Socket.prototype), ...propertyDescriptors() };
// In the order of node:net's, which is that of for-in.
for (const name of new Set([
  ...Object.getOwnPropertyNames(builtin.Socket.prototype),
  ...Object.keys(described),
])) {
  const descriptor = Object.hasOwn(described, name) ? described[name] : undefined;
  if (descriptor !== undefined) define(Socket.prototype, name, descriptor);
}
defineAll(Socket.prototype, socketTransferMethods(carry));

/** Lets node:net throw what it throws about an option. */
function judgeOptions(given: SocketOptions): void {
  if (
    given.objectMode ||
    given.readableObjectMode ||
    given.writableObjectMode ||
    given.keepAliveInitialDelay !== undefined ||
    given.blockList
  ) {
    // These alone: the program's own functions are not the probe's to run.
    const { objectMode, readableObjectMode, writableObjectMode, keepAliveInitialDelay, blockList } = given;
    const judged = { objectMode, readableObjectMode, writableObjectMode, keepAliveInitialDelay, blockList };
    judge((node) => new node.Socket(judged as net.SocketConstructorOpts).destroy());
    if ((given.keepAliveInitialDelay as number) < 0) given.keepAliveInitialDelay = 0;
  }
}

function initialize(
  self: ThisSocket,
  options: SocketOptions,
  found: StreamEndpoint | SocketHandle | null,
): void {
  const connection = self[kConnection];
  const { onread } = options;
  if (onread !== null && typeof onread === 'object' && typeof onread.callback === 'function') {
    const { buffer, callback } = onread;
    const next = typeof buffer === 'function' ? buffer : null;
    if (next !== null || types.isUint8Array(buffer)) {
      const sink = new UserBufferSink(connection, next, callback);
      sink.take(buffer);
      connection.replaceSink(sink);
    }
  }
  const typeOfService = hasTypeOfService ? options.typeOfService : undefined;
  if (typeOfService !== undefined) judge((node) => new node.Socket({ typeOfService } as never).destroy());
  if (options.noDelay || options.keepAlive || typeOfService !== undefined) {
    const { wanted } = connection;
    wanted.noDelay = Boolean(options.noDelay);
    wanted.keepAlive = Boolean(options.keepAlive);
    wanted.keepAliveIdleSeconds = ~~((options.keepAliveInitialDelay as number) / 1000);
    wanted.typeOfService = typeOfService;
  }
  (self as unknown as { _undestroy(): void })._undestroy();
  if (options.signal) watchAbort(self, options.signal);
  if (options.blockList && hasBlockList) self.blockList = options.blockList;
  if (found !== null) carry(self, found, options);
}

function own(self: ThisSocket, handle: SocketHandle, endpoint: StreamEndpoint): void {
  const connection = self[kConnection];
  connection.take(handle);
  handle.carry(connection, endpoint);
}

/** Starts a socket whose connection stands already. Its events belong where the socket, or its handle, was made. */
function carry(self: ThisSocket, found: StreamEndpoint | SocketHandle, options: SocketOptions): void {
  const handle = found instanceof SocketHandle ? found : handleFor(found);
  const endpoint = found instanceof SocketHandle ? found.carried : found;
  if (endpoint === null) {
    handle.share(self); // it may be connected later
    return;
  }
  own(self, handle, endpoint);
  UserBufferSink.of(self[kConnection])?.renew();
  if (options.readable === false) return;
  if (options.pauseOnCreate) self.readableFlowing = false;
  else if (!options.manualStart) self.read(0);
}

/** After the signal no further address is tried. A tick later, so that the stream's own listener is the only one yet. */
function watchAbort(self: ThisSocket, signal: AbortSignal): void {
  const onAbort = () => {
    self._aborted = true;
  };
  process.nextTick(() => {
    if (signal.aborted) onAbort();
    else addAbortListener(signal, onAbort);
  });
}

/** The socket of a connection that a server has accepted: the constructor without what only a user can ask for. */
export function acceptedSocket(
  endpoint: StreamEndpoint,
  options: AcceptedOptions,
  handle: SocketHandle,
): ThisSocket {
  const self = new Socket(options as unknown as SocketOptions) as unknown as ThisSocket;
  own(self, handle, endpoint);
  // A prototype that has got a _construct() since: the connection stands already.
  if (typeof (self as { _construct?: unknown })._construct === 'function') self._undestroy();
  if (options.pauseOnCreate) self.readableFlowing = false;
  else self.read(0);
  return self;
}

function onReadableStreamEnd(this: ThisSocket): void {
  if (!this.allowHalfOpen) (this as { write: unknown }).write = writeAfterFIN;
}

function writeAfterFIN(this: ThisSocket, chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
  if (!this.writableEnded) return duplex.write.call(this, chunk, encoding, callback) as boolean;
  const done = typeof encoding === 'function' ? encoding : callback;
  const error = endedByPeer();
  if (typeof done === 'function') process.nextTick(done as (error: Error) => void, error);
  this.destroy(error);
  return false;
}
