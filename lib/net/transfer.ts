// Bytes between a socket and its endpoint: what node:net does around a libuv stream, around one of the port.
import type { Buffer } from 'node:buffer';
import { types } from 'node:util';

import stream = require('node:stream');

import type { Receiver, StreamEndpoint, StreamOwner } from '../port/endpoint.js';
import { runTicks } from '../port/ticks.js';
import { reportIn } from './async-context.js';
import { errnoException, ofCompletion, statusOf } from './errors.js';
import {
  kBytesRead,
  kContext,
  kEndpoint,
  kLastQueuedBytes,
  kReading,
  kShutdownCallback,
  kTimeout,
  kUserBuffer,
  kWriteCallback,
  type ThisSocket,
  type UserBuffer,
} from './state.js';

// Node 20 calls back without an error when the socket was destroyed first.
const canceledWriteFails = Number.parseInt(process.versions.node, 10) >= 22;
const ECANCELED = statusOf('ECANCELED');
const ENOBUFS = statusOf('ENOBUFS');
const { isUint8Array } = types;

/**
 * Receives the endpoint's events for its socket. A client's run in the async context of its connect(); an accepted socket's
 * in none, as in node:net.
 */
export class SocketOwner implements StreamOwner {
  /** `connected` is called once, when a connect has ended. */
  constructor(
    readonly socket: ThisSocket,
    readonly endpoint: StreamEndpoint,
    private connected: ((status: number) => void) | null = null,
  ) {}

  /** What was asked of the handle that connects, for those who list requests. */
  request: object | undefined;

  /** Called when nothing of the endpoint is left. */
  onGone: (() => void) | null = null;

  /** Whether a write of this socket waits for onSent. */
  awaitsSent(): boolean {
    return this.socket[kWriteCallback] !== null;
  }

  onConnected(status: number): void {
    const { connected } = this;
    this.connected = null;
    connected?.(status);
  }

  onReceived(chunk: Buffer): void {
    const { socket } = this;
    if (this.left()) return;
    if (socket[kContext] === null) deliver(socket, this.endpoint, chunk);
    else reportIn(socket[kContext], deliver, socket, this.endpoint, chunk);
  }

  onEnded(): void {
    if (this.left()) return;
    this.inContext(end, this.socket);
  }

  onReceiveFailed(status: number): void {
    if (this.left()) return;
    this.inContext(() => {
      refreshIdle(this.socket);
      this.socket.destroy(ofCompletion(() => errnoException(status, 'read')));
    });
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
      const error = ofCompletion(() => errnoException(status, 'write'));
      if (callback !== null) callback(error);
      else this.inContext(() => socket.destroy(error));
      return;
    }
    if (!socket.destroyed) refreshIdle(socket);
    callback?.(null);
  }

  onShut(): void {
    const callback = this.socket[kShutdownCallback];
    this.socket[kShutdownCallback] = null;
    // As node:net, no error of a shutdown that fails after its call: the peer's reset reports it.
    callback?.();
  }

  onClosed(): void {
    const { socket } = this;
    const write = socket[kWriteCallback];
    const shutdown = socket[kShutdownCallback];
    socket[kWriteCallback] = null;
    socket[kShutdownCallback] = null;
    // As over libuv each has a call of its own, with ticks after it.
    if (write !== null) {
      write(canceledWriteFails ? errnoException(ECANCELED, 'write') : null);
      runTicks();
    }
    if (shutdown !== null) {
      shutdown();
      runTicks();
    }
    this.onConnected(ECANCELED);
    this.onGone?.();
  }

  /**
   * The socket was destroyed earlier in this batch, and perhaps connected anew: events of the former connection must not
   * be emitted by the new one.
   */
  private left(): boolean {
    return this.socket[kEndpoint] !== this.endpoint;
  }

  private inContext<A extends unknown[]>(call: (...args: A) => void, ...args: A): void {
    const context = this.socket[kContext];
    if (context !== null) reportIn(context, call, ...args);
    else call(...args);
  }
}

export function refreshIdle(socket: ThisSocket): void {
  for (let s: ThisSocket | null | undefined = socket; s != null; s = s._parent as ThisSocket | null) {
    s[kTimeout]?.refresh();
  }
}

function deliver(socket: ThisSocket, endpoint: StreamEndpoint, chunk: Buffer): void {
  if (socket[kTimeout] !== null || socket._parent != null) socket._unrefTimer();
  if (socket.destroyed) return;
  socket[kBytesRead] += chunk.length;
  if (flowsPlainly(socket)) socket.emit('data', chunk);
  else if (socket.parser != null && socket.readableEncoding !== null) parse(socket, chunk);
  else if (!socket.push(chunk)) pauseReceiving(socket, endpoint);
}

const { push } = stream.Readable.prototype;

/** The methods by which a stream asks for bytes, as the prototype of sockets has them; a program may have its own. */
export const reading: { read?: unknown; _read?: unknown } = {};

/**
 * Whether push() would do nothing but emit 'data', and ask for more: bytes flow to one listener, with nothing buffered,
 * decoded or overridden. The first chunk always goes the long way, which notes that there was one.
 */
function flowsPlainly(socket: ThisSocket): boolean {
  return (
    socket.readableFlowing === true &&
    socket.readableDidRead &&
    !socket._readableState.ended &&
    !socket._readableState.errored &&
    socket.readableLength === 0 &&
    socket.readableEncoding === null &&
    socket.push === push &&
    socket.read === reading.read &&
    socket._read === reading._read &&
    socket.listenerCount('data') === 1
  );
}

/** What came while the socket was paused; null: the end. */
const unparsed = new WeakMap<ThisSocket, (Buffer | null)[]>();

/** An HTTP parser reads bytes, whatever encoding the program has given to the socket (over node:net it reads the handle). */
function parse(socket: ThisSocket, chunk: Buffer): void {
  const waiting = unparsed.get(socket);
  if (waiting !== undefined) {
    waiting.push(chunk);
  } else if (socket.readableFlowing === false) {
    unparsed.set(socket, [chunk]);
    stopReceiving(socket); // one chunk is enough to hold
    socket.once('resume', () => parseHeld(socket));
  } else {
    socket.emit('data', chunk);
  }
}

function parseHeld(socket: ThisSocket): void {
  const chunks = unparsed.get(socket) ?? [];
  unparsed.delete(socket);
  for (const chunk of chunks) {
    if (socket.destroyed) return;
    if (chunk === null) end(socket);
    else if (socket.parser != null) parse(socket, chunk);
    else socket.push(chunk); // an upgrade: from here on the encoding counts
  }
  if (!unparsed.has(socket) && !socket[kReading]) startReceiving(socket);
}

/** `onread`: bytes are received where the user wants them. */
class UserBufferReceiver implements Receiver {
  // Where bytes go when there is no such place any more: the buffer was transferred.
  private lost: Uint8Array | null = null;

  constructor(
    private readonly socket: ThisSocket,
    private readonly endpoint: StreamEndpoint,
    private readonly user: UserBuffer,
  ) {}

  memory(): Uint8Array | null {
    const { buffer, length } = this.user;
    if (this.socket.destroyed || !this.socket[kReading]) return null;
    if (isUint8Array(buffer) && buffer.length === length && length > 0) return buffer;
    if (length === 0) {
      this.run(() => this.socket.destroy(errnoException(ENOBUFS, 'read')));
      return null;
    }
    // node:net goes on and counts: its memory is still there, under another name.
    if (this.lost?.length !== length) this.lost = new Uint8Array(length);
    return this.lost;
  }

  onFilled(length: number): void {
    this.run(() => this.callBack(length));
  }

  private run(call: () => unknown): void {
    const context = this.socket[kContext];
    if (context === null) call();
    else reportIn(context, call);
  }

  private callBack(length: number): void {
    const { socket, user } = this;
    if (socket[kTimeout] !== null || socket._parent != null) socket._unrefTimer();
    socket[kBytesRead] += length;
    const goOn = user.callback.call(socket, length, user.buffer as Uint8Array) !== false;
    if (user.next !== null) takeUserBuffer(user, user.next());
    if (!goOn) pauseReceiving(socket, this.endpoint);
  }
}

/** The buffer that a program gives for the next bytes; anything else leaves the one before. */
export function takeUserBuffer(user: UserBuffer, buffer: unknown): void {
  if (!isUint8Array(buffer)) return;
  user.buffer = buffer;
  user.length = buffer.length;
}

function pauseReceiving(socket: ThisSocket, endpoint: StreamEndpoint): void {
  socket[kReading] = false;
  if (!socket.destroyed) endpoint.stopReceiving();
}

export function startReceiving(socket: ThisSocket): void {
  const endpoint = socket[kEndpoint];
  if (endpoint === null) return;
  socket[kReading] = true;
  const user = socket[kUserBuffer];
  endpoint.startReceiving(user === null ? null : new UserBufferReceiver(socket, endpoint, user));
}

export function stopReceiving(socket: ThisSocket): void {
  socket[kReading] = false;
  if (!socket.destroyed) socket[kEndpoint]?.stopReceiving();
}

function end(socket: ThisSocket): void {
  refreshIdle(socket);
  const waiting = unparsed.get(socket);
  if (waiting !== undefined) {
    waiting.push(null);
    return;
  }
  if (socket._readableState.endEmitted) return;
  socket.push(null);
  socket.read(0);
}
