// What a socket of the port shows as its `_handle`.
import { moveToLibuv } from './move-to-libuv.js';
import { hasHandle, kContext, kReading, type ThisSocket } from './state.js';
import { isBoundToHttp2, moveForHttp2, watchTls } from './tls-sockets.js';
import { startReceiving, stopReceiving } from './transfer.js';

/** No stream of libuv's, so http parses from 'data'. */
class HandleFacade {
  constructor(private readonly socket: ThisSocket) {}

  /** http2 asks after it has bound the socket to a session: the next look at `_handle` finds a stream of libuv's. */
  get isStreamBase(): boolean {
    return isBoundToHttp2(this.socket) && moveForHttp2(this.socket);
  }

  get reading(): boolean {
    return this.socket[kReading];
  }

  set reading(_: boolean) {
    // readStart() and readStop() follow.
  }

  readStart(): number {
    if (!this.socket[kReading]) startReceiving(this.socket);
    return 0;
  }

  readStop(): number {
    if (this.socket[kReading]) stopReceiving(this.socket);
    return 0;
  }

  getAsyncId(): number {
    return this.socket[kContext]?.asyncId() ?? -1;
  }
}

const shown = new WeakMap<ThisSocket, HandleFacade>();

/** `_handle` of a socket that the port carries: null where node:net has no handle. */
export function shownHandle(socket: ThisSocket): unknown {
  const watched = watchTls();
  if (watched === undefined || !hasHandle(socket)) return null;
  if (!watched) return moveToLibuv(socket) ? (socket as unknown as { _handle: unknown })._handle : null;
  let facade = shown.get(socket);
  if (facade === undefined) {
    facade = new HandleFacade(socket);
    shown.set(socket, facade);
  }
  return facade;
}
