// TLS and HTTP/2 over a socket that the port carries: both work in C++ on a stream of libuv's, so the socket moves there
// when they take it over. Where it cannot, they get Node's own wrapper for streams that have no handle.
import stream = require('node:stream');

import type tls from 'node:tls';

import { debug } from './debug.js';
import { moveToLibuv } from './move-to-libuv.js';
import { kEndpoint, type ThisSocket } from './state.js';

/** Node's class for streams without a handle, and the handle that it has. */
interface StreamWrapper extends stream.Duplex {
  readonly stream: unknown;
  readonly _handle: object;
}
type StreamWrapperClass = new (stream: unknown) => StreamWrapper;
type WrapHandle = (this: tls.TLSSocket, wrap: unknown, handle: unknown, writes: boolean) => unknown;

/** Of `_wrapHandle(wrap, handle, wrapHasActiveWriteFromPrevOwner)`. */
const WRAP_HANDLE_ARGUMENTS = 3;

let watched: boolean | undefined;
let modulesSeen = 0;

/** Whether tls is loaded; it is not loaded for the question. */
function tlsIsLoaded(): boolean {
  const { moduleLoadList: list } = process as unknown as { moduleLoadList?: string[] };
  if (!Array.isArray(list)) return process.versions.openssl !== undefined;
  const before = modulesSeen;
  modulesSeen = list.length;
  return list.includes('NativeModule tls', before);
}

/**
 * From now on a TLSSocket gets a stream of libuv's when it is made over a socket of the port. Undefined while there can
 * be no TLSSocket; false in a Node where its making cannot be watched.
 */
export function watchTls(): boolean | undefined {
  if (watched === undefined && tlsIsLoaded()) watched = watchTlsSocket();
  return watched;
}

function watchTlsSocket(): boolean {
  const { TLSSocket } = require('node:tls') as typeof tls;
  const prototype = TLSSocket.prototype as unknown as { _wrapHandle?: WrapHandle };
  const wrapHandle = prototype._wrapHandle;
  if (typeof wrapHandle !== 'function' || wrapHandle.length !== WRAP_HANDLE_ARGUMENTS) return false;
  const watching: WrapHandle = function (wrap, handle, writes) {
    if (isOnPort(wrap)) {
      if (moveForTls(wrap)) return wrapHandle.call(this, wrap, handleOf(wrap), writes);
      const wrapper = wrapped(this, wrap);
      return wrapHandle.call(this, wrapper, wrapper._handle, writes);
    }
    const inner = (wrap as Partial<StreamWrapper> | null)?.stream;
    if (isOnPort(inner)) complete(wrap as StreamWrapper, inner);
    return wrapHandle.call(this, wrap, handle, writes);
  };
  Object.defineProperty(watching, 'name', { value: wrapHandle.name });
  prototype._wrapHandle = watching;
  return true;
}

const handleOf = (socket: ThisSocket) => (socket as unknown as { _handle: unknown })._handle;

function isOnPort(value: unknown): value is ThisSocket {
  return typeof value === 'object' && value !== null && (value as Partial<ThisSocket>)[kEndpoint] != null;
}

/** Whether the socket is one of libuv's now. */
export function moveForTls(socket: ThisSocket): boolean {
  return moveToLibuv(socket);
}

/** Whether a session of http2 has taken the socket. */
export function isBoundToHttp2(socket: ThisSocket): boolean {
  if ((socket as unknown as { parser?: unknown }).parser) return false; // http asks, for each connection
  const bound = Object.getOwnPropertySymbols(socket).find((key) => key.description === 'kBoundSession');
  return bound !== undefined && (socket as unknown as Record<symbol, unknown>)[bound] !== undefined;
}

let wrapperClass: StreamWrapperClass | undefined;

/** Node exports the class nowhere, but makes one for each TLSSocket over a stream that is no socket. */
function findWrapperClass(): StreamWrapperClass {
  const { TLSSocket, createSecureContext } = require('node:tls') as typeof tls;
  const ends = new stream.Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const probe = new TLSSocket(ends, { secureContext: createSecureContext({ ca: [] }) });
  probe.on('error', () => {});
  const { _parentWrap: found } = handleOf(probe as never) as { _parentWrap?: StreamWrapper };
  probe.destroy();
  if (typeof found !== 'object') throw new Error('iocp-net: this Node wraps streams for TLS in an unknown way');
  return found.constructor as StreamWrapperClass;
}

function wrapped(secured: tls.TLSSocket, socket: ThisSocket): StreamWrapper {
  debug('TLS over a socket of the port: by the wrapper that Node has for any stream');
  wrapperClass ??= findWrapperClass();
  const wrapper = new wrapperClass(socket);
  complete(wrapper, socket);
  // TLS listens to the socket itself; only what the wrapper finds wrong comes from here alone.
  wrapper.on('error', (error: Error) => {
    if (error !== socket.errored) secured.destroy(error);
  });
  return wrapper;
}

/** What TLS asks the handle below it for, and a wrapper's lacks. */
function complete(wrapper: StreamWrapper, socket: ThisSocket): void {
  const fill = (out: object, address: object) => {
    Object.assign(out, address);
    return 0;
  };
  Object.assign(wrapper._handle, {
    getpeername: (out: object) => fill(out, socket._getpeername()),
    getsockname: (out: object) => fill(out, socket._getsockname()),
    setNoDelay: (on: boolean) => socket.setNoDelay(on),
    setKeepAlive: (on: boolean, delaySeconds: number) => socket.setKeepAlive(on, delaySeconds * 1000),
    ref: () => socket.ref(),
    unref: () => socket.unref(),
  });
}
