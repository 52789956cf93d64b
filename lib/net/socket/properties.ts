// The getters of net.Socket, with the flags that node:net's have.
import { Buffer } from 'node:buffer';
import { builtin } from '../../node/builtin.js';
import { define } from '../../node/define.js';
import { SocketHandle } from '../connection/socket-handle.js';
import { formerOf, leavePort, moveToLibuv } from '../interop/move-to-libuv.js';
import { watchTls } from '../interop/tls-sockets.js';
import { kConnection, NO_HANDLE, type ThisSocket, type WriteData, type WritevChunk } from '../state.js';

function bytesOf(data: WriteData, encoding: string): number {
  if (typeof data === 'string') return Buffer.byteLength(data, encoding as BufferEncoding);
  if (!Array.isArray(data)) return data.length;
  let bytes = 0;
  for (const { chunk, encoding: own } of data) bytes += bytesOf(chunk, own);
  return bytes;
}

const theirHandle = Object.getOwnPropertyDescriptor(builtin.Socket.prototype, '_handle');

/** A program's handle in the place of ours. What is no handle of a socket of ours makes the socket node:net's. */
function setHandle(self: ThisSocket, handle: unknown): void {
  if (handle === null || handle === undefined) {
    const connection = self[kConnection];
    if (connection.lent !== null) connection.giveUp();
    connection.letGo();
  } else if (handle instanceof SocketHandle) {
    handle.share(self);
  } else {
    leavePort(self);
    theirHandle?.set?.call(self, handle);
  }
}

const shown: ThisType<ThisSocket> = {
  get bytesRead() {
    const { handle, bytesRead } = this[kConnection];
    return handle !== null && handle.holder !== this ? handle.bytesRead : bytesRead;
  },
  get _bytesDispatched() {
    return this[kConnection].bytesWritten;
  },
  // What has been handed over, and what still waits for its turn or for the connection.
  get bytesWritten() {
    const buffered = (this as unknown as { writableBuffer?: WritevChunk[] }).writableBuffer;
    if (!buffered) return undefined;
    let bytes = this[kConnection].bytesWritten;
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
    return this[kConnection].handle !== null ? this.writableLength : undefined;
  },
  // child_process is lent a handle of libuv's to pass on, and takes the connection away by setting null.
  get _handle() {
    const { lent, handle } = this[kConnection];
    if (lent !== null) return lent === NO_HANDLE ? null : lent;
    // A Node whose TLS sockets cannot be watched finds a handle of its own, or none and wraps the socket.
    if (handle !== null && watchTls() === false) {
      return moveToLibuv(this) ? (this as unknown as { _handle: unknown })._handle : null;
    }
    return handle;
  },
  set _handle(handle) {
    setHandle(this, handle);
  },
};

const changeable: ThisType<ThisSocket> = {
  get pending() {
    return this[kConnection].handle === null || this.connecting;
  },
};

/** Bytes that the port carried before the socket moved to libuv. */
const carried: Record<string, 'bytesRead' | 'bytesWritten'> = {
  bytesRead: 'bytesRead',
  _bytesDispatched: 'bytesWritten',
};

/** Ours for a socket that the port carries, node:net's for any other. */
function dispatching(name: string, { get, set }: PropertyDescriptor): PropertyDescriptor {
  const theirs = Object.getOwnPropertyDescriptor(builtin.Socket.prototype, name) as PropertyDescriptor;
  const before = carried[name];
  const descriptor: PropertyDescriptor = {
    get(this: ThisSocket) {
      if (this[kConnection] !== undefined) return get?.call(this);
      const value = theirs.get?.call(this) as unknown;
      const own = before && formerOf(this)?.[before];
      return own === undefined || value === undefined ? value : (value as number) + own;
    },
  };
  define(descriptor.get as object, 'name', { value: theirs.get?.name, configurable: true });
  if (set === undefined && theirs.set === undefined) return descriptor;
  descriptor.set = function (this: ThisSocket, value: unknown) {
    (this[kConnection] === undefined ? theirs.set : set)?.call(this, value);
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
