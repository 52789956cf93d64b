// The getters of net.Socket, with the flags that node:net's have.
import { Buffer } from 'node:buffer';
import { builtin } from './builtin.js';
import { moveToLibuv } from './move-to-libuv.js';
import { SocketHandle } from './socket-handle.js';
import {
  hasHandle,
  kBytesRead,
  kBytesWritten,
  kEndpoint,
  kHandle,
  kLent,
  kReading,
  NO_HANDLE,
  type ThisSocket,
  type WriteData,
  type WritevChunk,
} from './state.js';
import { watchTls } from './tls-sockets.js';

function bytesOf(data: WriteData, encoding: string): number {
  if (typeof data === 'string') return Buffer.byteLength(data, encoding as BufferEncoding);
  if (!Array.isArray(data)) return data.length;
  let bytes = 0;
  for (const { chunk, encoding: own } of data) bytes += bytesOf(chunk, own);
  return bytes;
}

/** The connection goes on in another process. The socket is left as node:net leaves it: open, and without a handle. */
function giveUp(self: ThisSocket): void {
  const { [kHandle]: handle, [kEndpoint]: endpoint } = self;
  self[kLent] = null;
  self[kReading] = false;
  if (endpoint?.stalled) {
    endpoint.stopReceiving(); // what comes is the other process's
    endpoint.whenSent = () => handle?.close();
  } else {
    handle?.close();
  }
  self[kEndpoint] = null;
  self[kHandle] = null;
}

const theirHandle = Object.getOwnPropertyDescriptor(builtin.Socket.prototype, '_handle');

/** A program's handle in the place of ours. What is no handle of a socket of ours makes the socket node:net's. */
function setHandle(self: ThisSocket, handle: unknown): void {
  if (handle === null || handle === undefined) {
    if (self[kLent] != null) giveUp(self);
    self[kEndpoint] = null;
    self[kHandle] = null;
  } else if (handle instanceof SocketHandle) {
    handle.share(self);
  } else {
    (self as { [kEndpoint]: unknown })[kEndpoint] = undefined;
    theirHandle?.set?.call(self, handle);
  }
}

const shown: ThisType<ThisSocket> = {
  get bytesRead() {
    const handle = this[kHandle];
    return handle != null && handle.holder !== this ? handle.bytesRead : this[kBytesRead];
  },
  get _bytesDispatched() {
    return this[kBytesWritten];
  },
  // What has been handed over, and what still waits for its turn or for the connection.
  get bytesWritten() {
    const buffered = (this as unknown as { writableBuffer?: WritevChunk[] }).writableBuffer;
    if (!buffered) return undefined;
    let bytes = this[kBytesWritten];
    for (const { chunk, encoding } of buffered) bytes += bytesOf(chunk, encoding);
    if (this._pendingData) bytes += bytesOf(this._pendingData, this._pendingEncoding);
    return bytes;
  },
  get remoteAddress() {
    return this._getpeername().address;
  },
  get remoteFamily() {
    return this._getpeername().family;
  },
  get remotePort() {
    return this._getpeername().port;
  },
  get localAddress() {
    return this._getsockname().address;
  },
  get localFamily() {
    return this._getsockname().family;
  },
  get localPort() {
    return this._getsockname().port;
  },
};

const hidden: ThisType<ThisSocket> = {
  get _connecting() {
    return this.connecting;
  },
  get readyState() {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  },
  get bufferSize() {
    return hasHandle(this) ? this.writableLength : undefined;
  },
  // child_process is lent a handle of libuv's to pass on, and takes the connection away by setting null.
  get _handle() {
    const lent = this[kLent];
    if (lent != null) return lent === NO_HANDLE ? null : lent;
    const handle = this[kHandle];
    // A Node whose TLS sockets cannot be watched finds a handle of its own, or none and wraps the socket.
    if (handle != null && watchTls() === false) {
      return moveToLibuv(this) ? (this as unknown as { _handle: unknown })._handle : null;
    }
    return handle; // undefined on the bare prototype
  },
  set _handle(handle) {
    setHandle(this, handle);
  },
};

const changeable: ThisType<ThisSocket> = {
  get pending() {
    return this[kHandle] == null || this.connecting;
  },
};

/** Bytes that the port carried before the socket moved to libuv. */
const carried: Record<string, typeof kBytesRead | typeof kBytesWritten> = {
  bytesRead: kBytesRead,
  _bytesDispatched: kBytesWritten,
};

/** Ours for a socket that the port carries, node:net's for any other. */
function dispatching(name: string, { get, set }: PropertyDescriptor): PropertyDescriptor {
  const theirs = Object.getOwnPropertyDescriptor(builtin.Socket.prototype, name) as PropertyDescriptor;
  const before = carried[name];
  const descriptor: PropertyDescriptor = {
    get(this: ThisSocket) {
      if (this[kEndpoint] !== undefined) return get?.call(this);
      const value = theirs.get?.call(this) as unknown;
      const own = before && this[before];
      return own === undefined || value === undefined ? value : (value as number) + own;
    },
  };
  if (set === undefined && theirs.set === undefined) return descriptor;
  descriptor.set = function (this: ThisSocket, value: unknown) {
    (this[kEndpoint] === undefined ? theirs.set : set)?.call(this, value);
  };
  return descriptor;
}

export function propertyDescriptors(): PropertyDescriptorMap {
  const all: PropertyDescriptorMap = {};
  const add = (properties: object, flags: { enumerable: boolean; configurable: boolean }) => {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(properties))) {
      all[name] = { ...dispatching(name, descriptor), ...flags };
    }
  };
  add(shown, { enumerable: true, configurable: false });
  add(hidden, { enumerable: false, configurable: false });
  add(changeable, { enumerable: false, configurable: true });
  return all;
}
