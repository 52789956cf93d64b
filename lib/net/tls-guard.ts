// TLS sockets over sockets of ours. Node's C++ takes the `_handle` of a socket for a stream of libuv's; ours is none, so
// a TLS socket gets what it gets for every stream without a handle: Node's own wrapper around the socket.
import stream = require('node:stream');

import type tls from 'node:tls';

import { SocketHandle } from './socket-handle.js';

type WrapHandle = (this: unknown, wrap: unknown, handle: unknown, ...rest: unknown[]) => unknown;
type StreamWrap = new (stream: unknown) => { _handle: unknown };

const hasCrypto = process.versions.openssl !== undefined;
/** Names of what is loaded of Node. Undocumented: without it tls is loaded at once. */
const loaded = (process as unknown as { moduleLoadList?: unknown }).moduleLoadList;
let lengthSeen = 0;
let guarded = !hasCrypto;
let StreamWrap: StreamWrap | undefined;

/** Called before a handle is shown: no TLS socket can be made of it before tls is loaded. */
export function keepFromTls(): void {
  if (guarded) return;
  if (Array.isArray(loaded)) {
    if (loaded.length === lengthSeen) return;
    lengthSeen = loaded.length;
    if (!loaded.some((name) => /tls[_/]wrap$/.test(String(name)))) return;
  }
  guarded = true;
  guard();
}

function guard(): void {
  const { TLSSocket } = require('node:tls') as typeof tls;
  const prototype = TLSSocket.prototype as unknown as { _wrapHandle: WrapHandle };
  const { _wrapHandle } = prototype;
  const replacement: WrapHandle = function _wrapHandle_(wrap, handle, ...rest) {
    if (!(handle instanceof SocketHandle)) return _wrapHandle.call(this, wrap, handle, ...rest);
    const wrapped = new (streamWrap(TLSSocket))(wrap);
    return _wrapHandle.call(this, wrapped, wrapped._handle, ...rest);
  };
  Object.defineProperty(replacement, 'name', { value: '_wrapHandle' });
  prototype._wrapHandle = replacement;
}

/** Node's wrapper, taken from a TLS socket that got one. */
function streamWrap(TLSSocket: typeof tls.TLSSocket): StreamWrap {
  if (StreamWrap === undefined) {
    const probe = new TLSSocket(new stream.PassThrough() as never);
    const { _handle: handle } = probe as unknown as { _handle: { _parentWrap: object } };
    StreamWrap = handle._parentWrap.constructor as StreamWrap;
    probe.on('error', () => {}).destroy();
  }
  return StreamWrap;
}
