// The methods of net.Socket: what its documentation says, around the endpoint of a port.
import stream = require('node:stream');
import util = require('node:util');

import { clearTimeout } from '../port/clock.js';
import { builtin } from './builtin.js';
import { connect } from './connect.js';
import { defineAll } from './define.js';
import {
  closedBeforeConnection,
  errnoException,
  invalidHandleType,
  socketClosed,
  statusOf,
} from './errors.js';
import { wasCarried } from './move-to-libuv.js';
import { Pipe, type TCP } from './socket-handle.js';
import { type Method, optionMethods } from './socket-options.js';
import {
  hasHandle,
  kBytesRead,
  kEndpoint,
  kHandle,
  kLastQueuedBytes,
  kReading,
  kTimeout,
  kUserBuffer,
  type ThisSocket,
  type WriteCallback,
  type WriteData,
  type WritevChunk,
} from './state.js';
import { reading, refreshIdle } from './transfer.js';
import { write } from './write.js';

const debug = util.debuglog('net');
// As the timers: programs that fake it do not mean this one. (node:net's ticks can be faked, and so can ours.)
const { queueMicrotask } = globalThis;
/** Of a write through a handle that never got a socket (libuv: uv_write). */
const NOT_WRITABLE = statusOf(process.platform === 'win32' ? 'EPIPE' : 'EBADF');
const ENOTCONN = statusOf('ENOTCONN');
// Up to Node 20 a socket that was never connected does not finish either.
const finalWaitsForConnect = Number.parseInt(process.versions.node, 10) < 22;

/** node:net's own methods, for the sockets that it carries. */
const theirs = builtin.Socket.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
export const duplex = stream.Duplex.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;

/** Methods without a wrapper, mostly those that run for each message: they look themselves for node:net's sockets. */
const perMessage: Record<string, Method> = {
  read(this: ThisSocket, size?: number): unknown {
    if (this[kEndpoint] === undefined) return (theirs.read as Method).call(this, size as never);
    startUserBuffer(this);
    return duplex.read.call(this, size);
  },

  _read(this: ThisSocket, size: number): unknown {
    if (this[kEndpoint] === undefined) return (theirs._read as Method).call(this, size as never);
    if (this.connecting || this[kHandle] === null) {
      this.once('connect', () => this._read(size));
    } else if (!this[kReading]) {
      readFromHandle(this);
    }
    return undefined;
  },

  _writeGeneric(
    this: ThisSocket,
    writev: boolean,
    data: WriteData,
    encoding: string,
    callback: WriteCallback,
  ): unknown {
    if (this[kEndpoint] === undefined) {
      return (theirs._writeGeneric as Method).apply(this, [writev, data, encoding, callback] as never);
    }
    if (this.connecting) {
      this._pendingData = data;
      this._pendingEncoding = encoding;
      const onClose = () => callback(closedBeforeConnection());
      this.once('connect', () => {
        this.off('close', onClose);
        this._writeGeneric(writev, data, encoding, callback);
      });
      this.once('close', onClose);
      return undefined;
    }
    this._pendingData = null;
    this._pendingEncoding = '';
    if (this[kEndpoint] === null) {
      callback(this[kHandle] === null ? socketClosed() : errnoException(NOT_WRITABLE, 'write'));
      return false;
    }
    if (this[kTimeout] !== null || this._parent != null) this._unrefTimer();
    write(this, this[kEndpoint], data, encoding, callback);
    return undefined;
  },

  _write(this: ThisSocket, data: Buffer | string, encoding: string, callback: WriteCallback): void {
    this._writeGeneric(false, data, encoding, callback);
  },

  _writev(this: ThisSocket, chunks: WritevChunk[], callback: WriteCallback): void {
    this._writeGeneric(true, chunks, '', callback);
  },

  /** One frame, as node:net's: tools keep ten, to find the program's line in them. */
  connect(this: ThisSocket, ...args: unknown[]): unknown {
    // A socket that had moved to libuv connects as one of the port's again.
    if (wasCarried(this) && this.destroyed) this[kEndpoint] = null;
    if (this[kEndpoint] === undefined) return (theirs.connect as Method).apply(this, args as never);
    return connect(this, args, ofSockets.write);
  },
};

/** Where sockets find their methods. */
let ofSockets: { write?: unknown } = {};

const others: Record<string, Method> = {
  end(this: ThisSocket, data?: unknown, encoding?: unknown, callback?: unknown): unknown {
    duplex.end.call(this, data, encoding, callback);
    return this;
  },

  pause(this: ThisSocket): unknown {
    if (this[kUserBuffer] !== null && !this.connecting && this[kReading]) {
      this[kReading] = false;
      const status = this[kHandle]?.readStop() ?? 0;
      if (status !== 0 && !this.destroyed) this.destroy(errnoException(status, 'read'));
    }
    return duplex.pause.call(this);
  },

  resume(this: ThisSocket): unknown {
    startUserBuffer(this);
    return duplex.resume.call(this);
  },

  address(this: ThisSocket): unknown {
    return this._getsockname();
  },

  ref(this: ThisSocket): unknown {
    return setReferenced(this, true);
  },

  unref(this: ThisSocket): unknown {
    return setReferenced(this, false);
  },

  resetAndDestroy(this: ThisSocket): unknown {
    if (!hasHandle(this)) {
      this.destroy(socketClosed());
    } else if (isPipe(this)) {
      throw invalidHandleType();
    } else if (this.connecting) {
      this.once('connect', () => this._reset());
    } else {
      this._reset();
    }
    return this;
  },

  destroySoon(this: ThisSocket): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', this.destroy);
  },

  _reset(this: ThisSocket): unknown {
    this.resetAndClosing = true;
    return this.destroy();
  },

  _unrefTimer(this: ThisSocket): void {
    refreshIdle(this);
  },

  _onTimeout(this: ThisSocket): void {
    const queuedBefore = this[kLastQueuedBytes];
    if (queuedBefore > 0 && this[kEndpoint] !== null) {
      const queued = this[kEndpoint].queuedBytes();
      if (queued !== queuedBefore) {
        this[kLastQueuedBytes] = queued;
        this._unrefTimer();
        return;
      }
    }
    this.emit('timeout');
  },

  _final(this: ThisSocket, callback: WriteCallback): unknown {
    const handle = this[kHandle];
    const wait = finalWaitsForConnect ? handle === null || this.connecting : this.connecting;
    if (wait) return this.once('connect', () => this._final(callback));
    if (handle === null) return callback();
    const status = handle.shutdown({ handle, oncomplete: () => callback() });
    if (status === 1 || status === ENOTCONN) return callback(); // synchronous
    if (status !== 0) return callback(errnoException(status, 'shutdown'));
    return undefined;
  },

  _destroy(this: ThisSocket, exception: Error | null, callback: WriteCallback): void {
    this.connecting = false;
    for (let s: ThisSocket | null | undefined = this; s != null; s = s._parent as ThisSocket | null) {
      clearTimeout(s[kTimeout] as NodeJS.Timeout);
      s[kTimeout] = null;
    }
    if (hasHandle(this)) {
      const isException = Boolean(exception);
      if (this.resetAndClosing === true) {
        this.resetAndClosing = false;
        closeHandle(this, isException, 'reset');
      } else if (this._closeAfterHandlingError) {
        // The socket is accessible in its 'error' event.
        queueMicrotask(() => closeHandle(this, isException, 'keep'));
      } else {
        closeHandle(this, isException, 'close');
      }
      callback(exception);
    } else {
      callback(exception);
      process.nextTick(() => this.emit('close'));
    }
    if (this._server) {
      this._server._connections--;
      this._server._emitCloseIfDrained?.();
    }
  },

  _getpeername(this: ThisSocket): unknown {
    const handle = this[kHandle] as TCP | null;
    if (handle == null || !handle.getpeername || this.connecting) return this._peername ?? {};
    if (!this._peername) {
      const out = {};
      if (handle.getpeername(out) !== 0) return out;
      this._peername = out;
    }
    return this._peername;
  },

  _getsockname(this: ThisSocket): unknown {
    const handle = this[kHandle] as TCP | null;
    if (handle == null || !handle.getsockname) return {};
    if (!this._sockname) {
      this._sockname = {};
      handle.getsockname(this._sockname);
    }
    return this._sockname;
  },
};

function readFromHandle(self: ThisSocket): void {
  self[kReading] = true;
  const status = self[kHandle]?.readStart() ?? 0;
  if (status !== 0) self.destroy(errnoException(status, 'read'));
}

function startUserBuffer(self: ThisSocket): void {
  if (self[kUserBuffer] !== null && !self.connecting && self[kHandle] !== null && !self[kReading]) {
    readFromHandle(self);
  }
}

function setReferenced(self: ThisSocket, on: boolean): ThisSocket {
  const handle = self[kHandle];
  if (handle === null) self.once('connect', on ? self.ref : self.unref);
  else if (on) handle.ref();
  else handle.unref();
  return self;
}

function isPipe(self: ThisSocket): boolean {
  return self[kHandle] instanceof Pipe;
}

function closeHandle(self: ThisSocket, isException: boolean, how: 'close' | 'reset' | 'keep'): void {
  const handle = self[kHandle];
  if (handle === null) return;
  if (handle.holder !== self) self[kBytesRead] = handle.bytesRead; // it was another socket's before
  const letGo = () => {
    self[kEndpoint] = null;
    self[kHandle] = null;
    self._sockname = null;
  };
  const closed = () => {
    debug('emit close');
    self.emit('close', isException);
    if (how === 'keep') letGo();
  };
  if (how !== 'keep') letGo();
  else self[kEndpoint] = null;
  if (how === 'reset') (handle as TCP).reset(closed);
  else handle.close(closed);
}

/** Ours for a socket that the port carries, node:net's for any other. */
function dispatching(name: string, ours: Method): Method {
  return function (this: ThisSocket, ...args: never[]) {
    return (this[kEndpoint] === undefined ? (theirs[name] as Method) : ours).apply(this, args);
  };
}

/** The methods of Socket.prototype, with the names, lengths and flags that node:net's have. */
export function methodDescriptors(prototype: object): PropertyDescriptorMap {
  ofSockets = prototype as typeof ofSockets;
  Object.assign(reading, { read: perMessage.read, _read: perMessage._read });
  const all: PropertyDescriptorMap = {};
  const add = (name: string, value: Method, ours: Method) => {
    const length = theirs[name]?.length ?? ours.length;
    const functionName = theirs[name]?.name ?? name; // node:net's, often empty
    // A function with a name or length that was defined is slow to bind, as setTimeout() binds _onTimeout for each request.
    if (value.name !== functionName || value.length !== length)
      defineAll(value, { name: { value: functionName }, length: { value: length } });
    all[name] = { value, enumerable: true, writable: true, configurable: true };
  };
  for (const [name, ours] of Object.entries(perMessage)) add(name, ours, ours);
  for (const [name, ours] of Object.entries({ ...others, ...optionMethods }))
    add(name, dispatching(name, ours), ours);
  return all;
}
