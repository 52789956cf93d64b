// Bytes between a socket and its endpoint: what node:net does around a libuv stream, around one of the port.
import { Buffer } from 'node:buffer';
import type { StreamEndpoint, StreamOwner } from '../port/endpoint.js';
import { SLAB_WRITE_BYTES_MAX } from '../port/port.js';
import { inThisContext } from './async-context.js';
import { errnoException, statusOf } from './errors.js';
import {
  kBytesRead,
  kBytesWritten,
  kContext,
  kEndpoint,
  kIdleTimer,
  kLastQueuedBytes,
  kOnClosed,
  kReading,
  kShutdownCallback,
  kUserBuffer,
  kWriteCallback,
  type ThisSocket,
  type WriteCallback,
  type WriteData,
} from './state.js';

const UTF8_BYTES_PER_UNIT_MAX = 3;
// Of several pieces that leave together: up to here they are copied, if they are this short on average.
const GATHERED_BYTES_MAX = 16 * 1024;
const GATHERED_PIECE_BYTES = 1024;
// Node 20 calls back without an error when the socket was destroyed first.
const canceledWriteFails = Number.parseInt(process.versions.node, 10) >= 22;
const ECANCELED = statusOf('ECANCELED');

/**
 * Hears the endpoint for its socket. A client's events run in the async context of its connect(); an accepted socket's
 * in none, as in node:net.
 */
export class SocketOwner implements StreamOwner {
  /** `connected` hears once how a connect ended, in the async context of the call. */
  constructor(
    readonly socket: ThisSocket,
    readonly endpoint: StreamEndpoint,
    private connected: ((status: number) => void) | null = null,
  ) {
    if (connected !== null) this.connected = inThisContext(connected, 'iocp-net.connect');
  }

  onConnected(status: number): void {
    const { connected } = this;
    this.connected = null;
    connected?.(status);
  }

  onReceived(arena: Buffer, offset: number, length: number): void {
    const { socket } = this;
    if (this.left()) return;
    if (socket[kContext] !== null) {
      socket[kContext].runInAsyncScope(receive, undefined, socket, this.endpoint, arena, offset, length);
    } else {
      receive(socket, this.endpoint, arena, offset, length);
    }
  }

  onReceivedChunk(chunk: Buffer): void {
    const { socket } = this;
    if (this.left()) return;
    if (socket[kUserBuffer] !== null) this.onReceived(chunk, 0, chunk.length);
    else this.inContext(deliver, undefined, socket, this.endpoint, chunk);
  }

  onEnded(): void {
    if (this.left()) return;
    this.inContext(end, undefined, this.socket);
  }

  onReceiveFailed(status: number): void {
    if (this.left()) return;
    this.inContext(() => {
      refreshIdle(this.socket);
      this.socket.destroy(errnoException(status, 'read'));
    }, undefined);
  }

  onSent(status: number): void {
    const { socket } = this;
    const callback = socket[kWriteCallback];
    socket[kWriteCallback] = null;
    socket[kLastQueuedBytes] = 0;
    if (status < 0) {
      if (socket.destroyed && !canceledWriteFails) {
        callback?.(null);
        return;
      }
      const error = errnoException(status, 'write');
      if (callback !== null) callback(error);
      else this.inContext(() => socket.destroy(error), undefined);
      return;
    }
    if (!socket.destroyed) refreshIdle(socket);
    callback?.(null);
  }

  onShut(): void {
    const callback = this.socket[kShutdownCallback];
    this.socket[kShutdownCallback] = null;
    // A shutdown that fails later than its call is not told by node:net either: the peer's reset speaks for it.
    callback?.();
  }

  onClosed(): void {
    const { socket } = this;
    const write = socket[kWriteCallback];
    const shutdown = socket[kShutdownCallback];
    socket[kWriteCallback] = null;
    socket[kShutdownCallback] = null;
    write?.(canceledWriteFails ? errnoException(ECANCELED, 'write') : null);
    shutdown?.();
    this.onConnected(ECANCELED);
    const closed = socket[kOnClosed];
    socket[kOnClosed] = null;
    if (closed !== null) this.inContext(closed, undefined);
  }

  /**
   * The socket was destroyed in this batch, and has perhaps been connected anew: what the rest of the batch tells of its
   * former connection must not come out of the new one.
   */
  private left(): boolean {
    return this.socket[kEndpoint] !== this.endpoint;
  }

  private inContext<A extends unknown[]>(call: (...args: A) => void, self: unknown, ...args: A): void {
    const context = this.socket[kContext];
    if (context !== null) context.runInAsyncScope(call, self, ...args);
    else call.apply(self, args);
  }
}

export function refreshIdle(socket: ThisSocket): void {
  for (let s: ThisSocket | null | undefined = socket; s != null; s = s._parent as ThisSocket | null) {
    s[kIdleTimer]?.refresh();
  }
}

function receive(
  socket: ThisSocket,
  endpoint: StreamEndpoint,
  arena: Buffer,
  offset: number,
  length: number,
): void {
  if (socket[kUserBuffer] !== null) {
    if (socket[kIdleTimer] !== null || socket._parent != null) socket._unrefTimer();
    if (socket.destroyed) return;
    socket[kBytesRead] += length;
    receiveIntoUserBuffer(socket, endpoint, arena, offset, length);
    return;
  }
  // Memory of its own: no chunk shows another connection's bytes, and the arena is used again at once.
  const chunk = Buffer.allocUnsafeSlow(length);
  endpoint.copyReceived(chunk, offset);
  deliver(socket, endpoint, chunk);
}

function deliver(socket: ThisSocket, endpoint: StreamEndpoint, chunk: Buffer): void {
  if (socket[kIdleTimer] !== null || socket._parent != null) socket._unrefTimer();
  if (socket.destroyed) return;
  socket[kBytesRead] += chunk.length;
  if (!socket.push(chunk)) pauseReceiving(socket, endpoint);
}

/** `onread`: the bytes go where the user wants them, in pieces of that buffer's size. */
function receiveIntoUserBuffer(
  socket: ThisSocket,
  endpoint: StreamEndpoint,
  arena: Buffer,
  offset: number,
  length: number,
): void {
  const user = socket[kUserBuffer];
  for (let done = 0; user !== null && done < length && !socket.destroyed; ) {
    const into = user.buffer;
    if (into === null || into.length === 0) return;
    const count = Math.min(into.length, length - done);
    arena.copy(into, 0, offset + done, offset + done + count);
    done += count;
    let goOn: boolean | undefined;
    try {
      goOn = user.callback.call(socket, count, into) !== false;
      if (user.next !== null) {
        const next = user.next();
        if (next instanceof Uint8Array) user.buffer = next;
      }
    } finally {
      // Thrown: what has been received already goes on behind the error, before anything newer.
      if (goOn === undefined && done < length && !socket.destroyed) {
        holdRest(socket, endpoint, arena, offset + done, offset + length);
        endpoint.stopReceiving();
        if (socket[kReading]) startReceiving(socket);
      }
    }
    if (!goOn) pauseReceiving(socket, endpoint);
    if (socket[kReading]) continue;
    // Paused by the answer or by pause(): what has been received already waits for resume().
    if (done < length) holdRest(socket, endpoint, arena, offset + done, offset + length);
    return;
  }
}

function holdRest(
  socket: ThisSocket,
  endpoint: StreamEndpoint,
  arena: Buffer,
  start: number,
  end: number,
): void {
  const rest = Buffer.allocUnsafeSlow(end - start);
  arena.copy(rest, 0, start, end);
  held.set(socket, { rest, endpoint });
}

const held = new WeakMap<ThisSocket, { rest: Buffer; endpoint: StreamEndpoint }>();

/** What has been received and the owner of the buffer has not taken, for whoever reads the connection from now on. */
export function takeHeld(socket: ThisSocket, endpoint: StreamEndpoint): Buffer | undefined {
  const waiting = held.get(socket);
  held.delete(socket);
  return waiting?.endpoint === endpoint ? waiting.rest : undefined;
}

function pauseReceiving(socket: ThisSocket, endpoint: StreamEndpoint): void {
  socket[kReading] = false;
  if (!socket.destroyed) endpoint.stopReceiving();
}

export function startReceiving(socket: ThisSocket): void {
  const endpoint = socket[kEndpoint];
  if (endpoint === null) return;
  socket[kReading] = true;
  const waiting = held.get(socket);
  if (waiting?.endpoint === endpoint) {
    // As late as a read from the system would be: what resume() still does in its own ticks must find it under way.
    setImmediate(() => {
      const current = socket[kEndpoint] === endpoint && held.get(socket) === waiting;
      if (!socket[kReading] || !current) return;
      held.delete(socket);
      try {
        receiveIntoUserBuffer(socket, endpoint, waiting.rest, 0, waiting.rest.length);
      } finally {
        if (socket[kReading] && !held.has(socket)) endpoint.startReceiving(readsThrough(socket));
      }
    });
    return;
  }
  if (waiting !== undefined) held.delete(socket); // of a former connection
  endpoint.startReceiving(readsThrough(socket));
}

/** Whether bytes end up in memory that is there already: that of `onread`. */
function readsThrough(socket: ThisSocket): boolean {
  return socket[kUserBuffer] !== null;
}

export function stopReceiving(socket: ThisSocket): void {
  socket[kReading] = false;
  if (!socket.destroyed) socket[kEndpoint]?.stopReceiving();
}

function end(socket: ThisSocket): void {
  refreshIdle(socket);
  if (socket._readableState.endEmitted) return;
  socket.push(null);
  socket.read(0);
}

// ---- writing ----

function byteLength(chunk: string | Uint8Array, encoding: string): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding as BufferEncoding) : chunk.length;
}

/**
 * Writes a short string or chunk through the slab. It counts as taken: the port sends it with the batch, and should
 * the kernel not take it, keeps it as the kernel would have. False when it has to go by reference.
 */
function writeSmall(
  endpoint: StreamEndpoint,
  socket: ThisSocket,
  data: string | Uint8Array,
  encoding: string,
): boolean {
  const { length } = data;
  if (length > SLAB_WRITE_BYTES_MAX) return false;
  if (typeof data !== 'string') {
    if (!endpoint.takes(length)) return false;
    if (length > 0) endpoint.sendSmall(data);
    socket[kBytesWritten] += length;
    return true;
  }
  let bytesMax = length * UTF8_BYTES_PER_UNIT_MAX;
  if (bytesMax > SLAB_WRITE_BYTES_MAX) {
    bytesMax = Buffer.byteLength(data, encoding as BufferEncoding);
    if (bytesMax > SLAB_WRITE_BYTES_MAX) return false;
  }
  if (!endpoint.takes(bytesMax)) return false;
  socket[kBytesWritten] += endpoint.sendString(data, encoding as BufferEncoding, bytesMax);
  return true;
}

function toBytes(chunk: string | Uint8Array, encoding: string): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : chunk;
}

export function write(
  socket: ThisSocket,
  endpoint: StreamEndpoint,
  data: WriteData,
  encoding: string,
  callback: WriteCallback,
): void {
  if (!Array.isArray(data)) {
    if (writeSmall(endpoint, socket, data, encoding)) {
      callback();
      return;
    }
    const bytes = toBytes(data, encoding);
    writeByReference(socket, endpoint, bytes, bytes.length, callback);
    return;
  }
  let total = 0;
  for (const { chunk, encoding: chunkEncoding } of data) total += byteLength(chunk, chunkEncoding);
  // Many small pieces are cheaper to copy than to hand over one by one.
  const small = Math.min(GATHERED_BYTES_MAX, data.length * GATHERED_PIECE_BYTES);
  if (total <= Math.max(SLAB_WRITE_BYTES_MAX, small) && endpoint.takes(total)) {
    for (const { chunk, encoding: chunkEncoding } of data) {
      if (typeof chunk === 'string') {
        endpoint.sendString(chunk, chunkEncoding, Buffer.byteLength(chunk, chunkEncoding));
      } else if (chunk.length > 0) {
        endpoint.sendSmall(chunk);
      }
    }
    socket[kBytesWritten] += total;
    callback();
    return;
  }
  const list: Uint8Array[] = [];
  for (const { chunk, encoding: chunkEncoding } of data) {
    if (chunk.length > 0) list.push(toBytes(chunk, chunkEncoding));
  }
  writeByReference(socket, endpoint, list, total, callback);
}

function writeByReference(
  socket: ThisSocket,
  endpoint: StreamEndpoint,
  bytes: Uint8Array | Uint8Array[],
  total: number,
  callback: WriteCallback,
): void {
  socket[kBytesWritten] += total; // of a write that fails, too
  const sent = endpoint.send(bytes, total);
  if (sent < 0) {
    callback(errnoException(sent, 'write'));
    return;
  }
  if (sent === total) {
    callback();
    return;
  }
  socket[kLastQueuedBytes] = total;
  // The callback runs where the write was called, however much later that is.
  socket[kWriteCallback] = inThisContext(callback, 'iocp-net.write');
}
