// The methods of net.Socket: what its documentation says, around the endpoint of a port.
import stream = require('node:stream');

import { builtin } from '../../node/builtin.js';
import { defineAll } from '../../node/define.js';
import {
  closedBeforeConnection,
  errnoException,
  invalidHandleType,
  socketClosed,
  statusOf,
} from '../../node/errors.js';
import { sharesTimers } from '../../node/symbols.js';
import { finalWaitsForConnect } from '../../node/versions.js';
import { clearTimeout } from '../../port/clock.js';
import { connect } from '../connect/connect.js';
import { refreshIdle } from '../connection/idle-timer.js';
import { Pipe, type TCP } from '../connection/socket-handle.js';
import { comeBackToPort } from '../interop/move-to-libuv.js';
import { asking } from '../sinks/stream-sink.js';
import { UserBufferSink } from '../sinks/user-buffer-sink.js';
import {
  kConnection,
  kTimeout,
  type ThisSocket,
  type WriteCallback,
  type WriteData,
  type WritevChunk,
} from '../state.js';
import { type Method, optionMethods } from './socket-options.js';

// As the timers: programs that fake it do not mean this one. (node:net's ticks can be faked, and so can ours.)
const { queueMicrotask } = globalThis;
const ENOTCONN = statusOf('ENOTCONN');

/** node:net's own methods, for the sockets that it carries. */
const theirs = builtin.Socket.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
const theirWriteGeneric = theirs._writeGeneric as unknown as ThisSocket['_writeGeneric'];
const theirUnrefTimer = theirs._unrefTimer as unknown as ThisSocket['_unrefTimer'];
export const duplex = stream.Duplex.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;

/** Methods without a wrapper, mostly those that run for each message: they look themselves for node:net's sockets. */
const perMessage: Record<string, Method> = {
  read(this: ThisSocket, size?: number): unknown {
    const connection = this[kConnection];
    if (connection === undefined) return (theirs.read as Method).call(this, size as never);
    UserBufferSink.start(connection);
    return duplex.read.call(this, size);
  },

  _read(this: ThisSocket, size: number): unknown {
    const connection = this[kConnection];
    if (connection === undefined) return (theirs._read as Method).call(this, size as never);
    if (this.connecting || connection.handle === null) {
      this.once('connect', () => this._read(size));
    } else if (!connection.reading) {
      connection.startReading();
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
    const connection = this[kConnection];
    if (connection === undefined) {
      return theirWriteGeneric.call(this, writev, data, encoding, callback);
    }
    if (this.connecting) {
      this._pendingData = data;
      this._pendingEncoding = encoding;
      const onClose = () => callback(closedBeforeConnection());
      this.once('connect', function connect(this: ThisSocket) {
        this.off('close', onClose);
        this._writeGeneric(writev, data, encoding, callback);
      });
      this.once('close', onClose);
      return undefined;
    }
    this._pendingData = null;
    this._pendingEncoding = '';
    return connection.write(data, encoding, callback);
  },

  _write(this: ThisSocket, data: Buffer | string, encoding: string, callback: WriteCallback): void {
    this._writeGeneric(false, data, encoding, callback);
  },

  _writev(this: ThisSocket, chunks: WritevChunk[], callback: WriteCallback): void {
    this._writeGeneric(true, chunks, '', callback);
  },

  _unrefTimer(this: ThisSocket): void {
    if (this[kConnection] === undefined) theirUnrefTimer.call(this);
    else refreshIdle(this);
  },

  /** One frame, as node:net's: tools keep ten, to find the program's line in them. */
  connect(this: ThisSocket, ...args: unknown[]): unknown {
    if (this.destroyed) comeBackToPort(this);
    if (this[kConnection] === undefined) {
      const result = (theirs.connect as Method).apply(this, args as never);
      // It has put its own prototype's in the place of one that a program has put on ours, which TLS inherits.
      if (inheritsPatchedWrite(this)) this.write = ofSockets.write as typeof this.write;
      return result;
    }
    return connect(this, args, ofSockets.write);
  },
};

// node:net's does the same where it finds our timers. So it is that one: TLS sockets, which inherit it, save a look.
if (sharesTimers) perMessage._unrefTimer = theirs._unrefTimer as Method;

/** Where sockets find their methods. */
let ofSockets: { write?: unknown } = {};

function inheritsPatchedWrite(socket: ThisSocket): boolean {
  return (
    Object.hasOwn(socket, 'write') &&
    (socket.write as unknown) === theirs.write &&
    ofSockets.write !== theirs.write &&
    Object.prototype.isPrototypeOf.call(ofSockets, socket)
  );
}

const others: Record<string, Method> = {
  end(this: ThisSocket, data?: unknown, encoding?: unknown, callback?: unknown): unknown {
    duplex.end.call(this, data, encoding, callback);
    return this;
  },

  pause(this: ThisSocket): unknown {
    const connection = this[kConnection];
    const receivesInto = UserBufferSink.of(connection) !== null;
    if (receivesInto && !this.connecting && connection.reading) connection.stopReading();
    return duplex.pause.call(this);
  },

  resume(this: ThisSocket): unknown {
    UserBufferSink.start(this[kConnection]);
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
    const { handle } = this[kConnection];
    if (handle === null) {
      this.destroy(socketClosed());
    } else if (handle instanceof Pipe) {
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

  _onTimeout(this: ThisSocket): void {
    if (this[kConnection].hasProgressed()) this._unrefTimer();
    else this.emit('timeout');
  },

  _final(this: ThisSocket, callback: WriteCallback): unknown {
    const { handle } = this[kConnection];
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
    const connection = this[kConnection];
    if (connection.handle !== null) {
      const isException = Boolean(exception);
      if (this.resetAndClosing === true) {
        this.resetAndClosing = false;
        connection.close(isException, 'reset');
      } else if (this._closeAfterHandlingError) {
        // The socket is accessible in its 'error' event.
        queueMicrotask(() => connection.close(isException, 'keep'));
      } else {
        connection.close(isException, 'close');
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
    const handle = this[kConnection].handle as TCP | null;
    if (handle === null || !handle.getpeername || this.connecting) return this._peername ?? {};
    if (!this._peername) {
      const out = {};
      if (handle.getpeername(out) !== 0) return out;
      this._peername = out;
    }
    return this._peername;
  },

  _getsockname(this: ThisSocket): unknown {
    const handle = this[kConnection].handle as TCP | null;
    if (handle === null || !handle.getsockname) return {};
    if (!this._sockname) {
      this._sockname = {};
      handle.getsockname(this._sockname);
    }
    return this._sockname;
  },
};

function setReferenced(self: ThisSocket, on: boolean): ThisSocket {
  const { handle } = self[kConnection];
  if (handle === null) self.once('connect', on ? self.ref : self.unref);
  else if (on) handle.ref();
  else handle.unref();
  return self;
}

/** Ours for a socket that the port carries, node:net's for any other. */
function dispatching(name: string, ours: Method): Method {
  return function (this: ThisSocket, ...args: never[]) {
    return (this[kConnection] === undefined ? (theirs[name] as Method) : ours).apply(this, args);
  };
}

/** The methods of Socket.prototype, with the names, lengths and flags that node:net's have. */
export function methodDescriptors(prototype: object): PropertyDescriptorMap {
  ofSockets = prototype as typeof ofSockets;
  Object.assign(asking, { read: perMessage.read, _read: perMessage._read });
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
