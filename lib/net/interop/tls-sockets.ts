// TLS and HTTP/2 over a socket that the port carries: both work in C++ on a stream of libuv's, so the socket moves there
// when they take it over. Where it cannot, they get Node's own wrapper for streams that have no handle.
import { EventEmitter } from 'node:events';

import stream = require('node:stream');

import type tls from 'node:tls';
import { debug, probe } from '../../node/debug.js';
import { define } from '../../node/define.js';
import { errnoException, statusOf } from '../../node/errors.js';
import { port } from '../engine-port.js';
import { isCarried, kConnection, type ThisSocket } from '../state.js';
import { moveToLibuv } from './move-to-libuv.js';
import { TakenStream } from './taken-stream.js';

/** Node's class for streams without a handle, and the handle that it has. */
interface StreamWrapper extends stream.Duplex {
  readonly stream: unknown;
  readonly _handle: object;
}
type StreamWrapperClass = new (stream: unknown) => StreamWrapper;
type WrapHandle = (this: tls.TLSSocket, wrap: unknown, handle: unknown, writes: boolean) => unknown;

/** Of `_wrapHandle(wrap, handle, wrapHasActiveWriteFromPrevOwner)`. */
const WRAP_HANDLE_ARGUMENTS = 3;

/** Whatever is not 0: the address is asked for again. */
const NO_ADDRESS = -1;

const EMFILE = statusOf('EMFILE');

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

let unwatch: (() => void) | undefined;

/** Leaves tls as it was, until a socket of the port shows its handle again. */
export function unwatchTls(): void {
  unwatch?.();
  unwatch = undefined;
  watched = undefined;
  modulesSeen = 0;
}

function watchTlsSocket(): boolean {
  const { TLSSocket } = require('node:tls') as typeof tls;
  const prototype = TLSSocket.prototype as unknown as { _wrapHandle?: WrapHandle };
  const wrapHandle = prototype._wrapHandle;
  if (typeof wrapHandle !== 'function' || wrapHandle.length !== WRAP_HANDLE_ARGUMENTS) return false;
  const watching: WrapHandle = function (wrap, handle, writes) {
    if (isCarried(wrap) && wrap[kConnection].handle !== null) {
      if (moveToLibuv(wrap)) return wrapHandle.call(this, wrap, handleOf(wrap), writes);
      const wrapper = wrapped(this, wrap);
      return wrapHandle.call(this, wrapper, wrapper._handle, writes);
    }
    const inner = (wrap as Partial<StreamWrapper> | null)?.stream;
    if (isCarried(inner)) complete(wrap as StreamWrapper, inner);
    return wrapHandle.call(this, wrap, handle, writes);
  };
  define(watching, 'name', { value: wrapHandle.name });
  prototype._wrapHandle = watching;
  unwatch = () => {
    if (prototype._wrapHandle === watching) prototype._wrapHandle = wrapHandle;
  };
  return true;
}

const handleOf = (socket: ThisSocket) => (socket as unknown as { _handle: unknown })._handle;

/** Whether a session of http2 has taken the socket: it leaves itself there, under a name that depends on the version. */
export function isBoundToHttp2(socket: ThisSocket): boolean {
  const fields = Object.getOwnPropertyDescriptors(socket) as PropertyDescriptorMap;
  return Reflect.ownKeys(fields).some((key) => isHttp2Session(fields[key as string]?.value));
}

/** Whether http2 finds a stream of libuv's when it reads from the socket, which is at once or when it has connected. */
export function moveForHttp2(socket: ThisSocket): boolean {
  if (!socket.connecting) return moveToLibuv(socket);
  if (!port().duplicates) return false;
  socket.prependOnceListener('connect', () => {
    // Without a handle to consume, http2 would end the process.
    if (!socket.destroyed && !moveToLibuv(socket)) throw errnoException(EMFILE, 'dup');
  });
  return true;
}

function isHttp2Session(value: unknown): boolean {
  if (!(value instanceof EventEmitter)) return false;
  for (let o: object | null = value; o !== null; o = Object.getPrototypeOf(o) as object | null) {
    if (o.constructor?.name === 'Http2Session') return true;
  }
  return false;
}

let wrapperClass: StreamWrapperClass | undefined;

/** Node exports the class nowhere, but makes one for each TLSSocket over a stream that is no socket. */
function findWrapperClass(): StreamWrapperClass {
  const { TLSSocket, createSecureContext } = require('node:tls') as typeof tls;
  const ends = new stream.Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const secured = probe(() => new TLSSocket(ends, { secureContext: createSecureContext({ ca: [] }) }));
  secured.on('error', () => {});
  const { _parentWrap: found } = handleOf(secured as never) as { _parentWrap?: StreamWrapper };
  secured.destroy();
  if (typeof found !== 'object')
    throw new Error('iocp-net: this Node wraps streams for TLS in an unknown way');
  return found.constructor as StreamWrapperClass;
}

function wrapped(secured: tls.TLSSocket, socket: ThisSocket): StreamWrapper {
  debug('TLS over a socket of the port: by the wrapper that Node has for any stream');
  wrapperClass ??= findWrapperClass();
  const failed = (error: Error) => secured.destroy(error);
  const wrapper = new wrapperClass(new TakenStream(socket, failed));
  complete(wrapper, socket);
  wrapper.on('error', failed); // the socket's own reach TLS without it
  return wrapper;
}

/** What TLS asks the handle below it for, and a wrapper's lacks. */
function complete(wrapper: StreamWrapper, socket: ThisSocket): void {
  const fill = (out: object, address: object) => {
    Object.assign(out, address);
    return 'address' in address ? 0 : NO_ADDRESS;
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
