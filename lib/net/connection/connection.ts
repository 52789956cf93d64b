// The connection of a socket: what is received, sent, shut and closed is decided here. The socket translates node:net's
// methods and events, the handle shows what libuv's would, the endpoint submits to the port.
import type { Buffer } from 'node:buffer';

import util = require('node:util');

import { errnoException, neverOpened, ofCompletion, socketClosed, statusOf } from '../../node/errors.js';
import { canceledWriteFails } from '../../node/versions.js';
import type { StreamEndpoint, StreamOwner } from '../../port/endpoint.js';
import type { Borrower } from '../../port/lent-bytes.js';
import { asCallOfItsOwn, inThisContext, reportIn } from '../async-context.js';
import { deliver, type Sink } from '../sinks/sink.js';
import { streamSink } from '../sinks/stream-sink.js';
import { kAsyncId, kConnection, type ThisSocket, type WriteCallback, type WriteData } from '../state.js';
import type { Connecting, ConnectRequest } from './handle-requests.js';
import { noteActivity, refreshIdle } from './idle-timer.js';
import { SharedOwner } from './shared-owner.js';
import type { SocketHandle, TCP } from './socket-handle.js';
import { WantedOptions } from './wanted-options.js';
import { sendAll, sendBytes, sendText } from './write.js';

const debug = util.debuglog('net');
const ECANCELED = statusOf('ECANCELED');

/**
 * One handle and one endpoint of a socket, from connect() or accept to the close. A socket that connects anew, tries the
 * next address or is given another handle gets its next one: what is left of the former reaches only the former.
 *
 * Events run in the async context of the handle: a client's in that of its connect().
 */
export class Connection implements StreamOwner {
  options: WantedOptions | null = null;

  private ownSink: Sink = streamSink;
  /** Asked for, as a handle of libuv's shows it. The endpoint's own ends with the peer's direction, or an error. */
  private isReading = false;
  private readBytes = 0;
  private writtenBytes = 0;
  /** While node:net's own code passes the socket to another process: a libuv handle of the connection, or NO_HANDLE. */
  private lentHandle: object | null = null;
  private ownHandle: SocketHandle | null = null;
  private ownEndpoint: StreamEndpoint | null = null;
  private connecting: Connecting | null = null;
  /** Of the write that waits for onSent, in the async context of that write. */
  private writeCallback: WriteCallback | null = null;
  private shutdownCallback: (() => void) | null = null;
  /** Bytes that were queued when the idle timer last looked: a write that progresses is activity. */
  private queuedBefore = 0;
  private gone: (() => void) | null = null;

  constructor(readonly socket: ThisSocket) {}

  /** What the socket shows as `_handle`; null where node:net has none. */
  get handle(): SocketHandle | null {
    return this.ownHandle;
  }

  /** Null before there is one, and when the socket has let go of it (the handle still has it then). */
  get endpoint(): StreamEndpoint | null {
    return this.ownEndpoint;
  }

  /** Where received bytes, the end and errors go. */
  get sink(): Sink {
    return this.ownSink;
  }

  get borrower(): Borrower | null {
    return this.ownSink.borrower ?? null;
  }

  get reading(): boolean {
    return this.isReading;
  }

  get bytesRead(): number {
    return this.readBytes;
  }

  /** Of writes that fail, too. */
  get bytesWritten(): number {
    return this.writtenBytes;
  }

  /** What node:net's own code is to find as the handle meanwhile; null when the socket is not being passed on. */
  get lent(): object | null {
    return this.lentHandle;
  }

  get request(): ConnectRequest | undefined {
    return this.connecting?.request;
  }

  /** The connection whose socket gets the bytes: another one if the socket was given the handle of another socket. */
  get receiving(): Connection {
    const owner = this.ownEndpoint?.owner;
    return owner instanceof SharedOwner ? owner.receiving : this;
  }

  get wanted(): WantedOptions {
    this.options ??= new WantedOptions();
    return this.options;
  }

  // ---- from a handle to the next one ----

  /** Takes a handle that was made for the socket. */
  take(handle: SocketHandle): void {
    this.ownHandle = handle;
    this.socket[kAsyncId] = handle.getAsyncId();
  }

  /** The endpoint's events come here from now on. Without a handle none reaches the socket, but the end of connect(). */
  carry(endpoint: StreamEndpoint, connecting: Connecting | null): void {
    this.connecting = connecting;
    if (this.ownHandle !== null) this.ownEndpoint = endpoint;
  }

  /** Nothing more of it reaches the socket, which has no handle from now on. */
  letGo(): void {
    this.ownEndpoint = null;
    this.ownHandle = null;
  }

  /** The socket's next connection, with what the program has asked of the socket. */
  next(): Connection {
    const next = new Connection(this.socket);
    next.inherit(this);
    return next;
  }

  /** The same over a handle that the program has put in the place of this one's: the counters go on. */
  exchanged(handle: SocketHandle, endpoint: StreamEndpoint | null): Connection {
    const next = this.next();
    next.goOnFrom(this);
    next.readBytes = this.readBytes;
    next.ownHandle = handle;
    next.ownEndpoint = endpoint;
    return next;
  }

  /** Both have the same handle: what it counts and shows is the same for both. */
  goOnFrom(other: Connection): void {
    this.isReading = other.isReading;
    this.writtenBytes = other.writtenBytes;
  }

  /** The program puts back the handle that this connection had. */
  comeBack(handle: SocketHandle, endpoint: StreamEndpoint | null): void {
    const current = this.socket[kConnection];
    if (current !== this) this.inherit(current);
    this.ownHandle = handle;
    this.ownEndpoint = endpoint;
  }

  private inherit(former: Connection): void {
    former.letGo();
    this.options = former.options;
    this.lentHandle = former.lentHandle;
    this.ownSink = former.ownSink.follow(this);
    this.socket[kConnection] = this;
  }

  // ---- receiving ----

  receive(): void {
    if (this.ownEndpoint === null) return;
    this.isReading = true;
    if (this.ownSink.restart?.(this) !== true) this.ownEndpoint.startReceiving(this.ownSink.receiver);
  }

  stopReceiving(endpoint = this.ownEndpoint): void {
    this.isReading = false;
    this.halt(endpoint);
  }

  /** As the handle's readStop() alone: `reading` is for who calls it to change. */
  halt(endpoint = this.ownEndpoint): void {
    this.ownSink.stopped?.();
    if (!this.socket.destroyed) endpoint?.stopReceiving();
  }

  /** By way of the handle, whose methods a program may have replaced. */
  startReading(): void {
    this.isReading = true;
    const status = this.ownHandle?.readStart() ?? 0;
    if (status !== 0) this.socket.destroy(errnoException(status, 'read'));
  }

  stopReading(): void {
    this.isReading = false;
    const status = this.ownHandle?.readStop() ?? 0;
    if (status !== 0 && !this.socket.destroyed) this.socket.destroy(errnoException(status, 'read'));
  }

  /** What a program asks of the handle, or has asked of the one before it. */
  noteReading(on: boolean): void {
    this.isReading = on;
  }

  /** Bytes that went past `arrived`. */
  countRead(length: number): void {
    this.readBytes += length;
  }

  /** Counts what has arrived. False when nobody wants it any more. */
  arrived(length: number): boolean {
    const { socket } = this;
    noteActivity(socket);
    if (socket.destroyed) return false;
    this.readBytes += length;
    return true;
  }

  /** Another sink takes over, without receiving anew. */
  replaceSink(sink: Sink): void {
    this.ownSink = sink;
  }

  /** What is received goes past the socket, to `sink`. */
  divert(sink: Sink): void {
    this.ownSink = sink;
    if (this.isReading) this.receive();
    const owner = this.ownEndpoint?.owner;
    if (owner instanceof SharedOwner) owner.receiving = this;
  }

  // ---- sending ----

  /** False when it failed before the system was asked. */
  write(data: WriteData, encoding: string, callback: WriteCallback): false | undefined {
    const endpoint = this.ownEndpoint;
    if (endpoint === null) {
      callback(this.ownHandle === null ? socketClosed() : neverOpened());
      return false;
    }
    noteActivity(this.socket);
    if (Array.isArray(data)) sendAll(this, endpoint, data, callback);
    else if (typeof data === 'string') sendText(this, endpoint, data, encoding as BufferEncoding, callback);
    else sendBytes(this, endpoint, data, callback);
    return undefined;
  }

  /** `sent`: what the system has taken of `total` bytes, or its error. */
  settle(sent: number, total: number, callback: WriteCallback): void {
    this.writtenBytes += total; // of a write that fails, too
    if (sent === total) {
      callback();
    } else if (sent < 0) {
      callback(errnoException(sent, 'write'));
    } else {
      this.queuedBefore = total;
      // The callback runs where the write was called, however much later that is.
      this.writeCallback = inThisContext(callback, 'WRITEWRAP', this.socket[kAsyncId]);
    }
  }

  /** Bytes that were counted and go on elsewhere, where they are counted again. */
  uncountWritten(length: number): void {
    this.writtenBytes -= length;
  }

  /** Whether a write waits for onSent. Bytes may wait in the endpoint for another socket that shares the handle. */
  get awaitsSent(): boolean {
    return this.writeCallback !== null;
  }

  /** The callback of the write that goes on elsewhere. */
  takeWriteCallback(): WriteCallback | null {
    const callback = this.writeCallback;
    this.writeCallback = null;
    return callback;
  }

  /** Whether bytes of a write have left since the idle timer last looked. */
  hasProgressed(): boolean {
    if (this.queuedBefore === 0 || this.ownEndpoint === null) return false;
    const queued = this.ownEndpoint.queuedBytes();
    if (queued === this.queuedBefore) return false;
    this.queuedBefore = queued;
    return true;
  }

  /** `done` is called once everything that was written has left. */
  shutdown(endpoint: StreamEndpoint, done: () => void, asyncId: number): void {
    this.shutdownCallback = inThisContext(done, 'SHUTDOWNWRAP', asyncId);
    endpoint.shutdown();
  }

  // ---- closing ----

  /** 'keep': the socket shows its handle until it has closed. */
  close(isException: boolean, how: 'close' | 'reset' | 'keep'): void {
    const { socket, ownHandle: handle } = this;
    if (handle === null) return;
    if (handle.holder !== socket) this.readBytes = handle.bytesRead; // it was another socket's before
    const letGo = (connection: Connection | undefined) => {
      connection?.letGo();
      socket._sockname = null;
    };
    const closed = () => {
      debug('emit close');
      socket.emit('close', isException);
      // As node:net, of the handle that it has by then: it may have connected anew.
      if (how === 'keep') letGo(socket[kConnection]);
    };
    if (how !== 'keep') letGo(this);
    else this.ownEndpoint = null;
    if (how === 'reset') (handle as TCP).reset(closed);
    else handle.close(closed);
  }

  lend(handle: object): void {
    this.lentHandle = handle;
  }

  /** False when it has gone to the other process meanwhile. */
  takeBack(): boolean {
    const wasLent = this.lentHandle !== null;
    this.lentHandle = null;
    return wasLent;
  }

  /** It goes on in another process. The socket is left as node:net leaves it: open, and without a handle. */
  giveUp(): void {
    const { ownHandle: handle, ownEndpoint: endpoint } = this;
    this.lentHandle = null;
    this.isReading = false;
    if (endpoint?.stalled) {
      endpoint.stopReceiving(); // what comes is the other process's
      endpoint.whenSent = () => handle?.close();
    } else {
      handle?.close();
    }
    this.letGo();
  }

  /** Has `gone` called when nothing of the endpoint is left. */
  whenGone(gone: () => void): void {
    this.gone = gone;
  }

  // ---- from the endpoint ----

  onConnected(status: number): void {
    const { connecting } = this;
    this.connecting = null;
    connecting?.done(status);
  }

  onReceived(chunk: Buffer): void {
    if (this.ownEndpoint === null || this.ownHandle === null) return;
    reportIn(this.ownHandle.asyncContext, deliver, this, chunk);
  }

  onEnded(): void {
    if (this.ownEndpoint !== null) this.inContext(() => this.ownSink.end(this));
  }

  onReceiveFailed(status: number): void {
    if (this.ownEndpoint !== null) this.inContext(() => this.ownSink.error(this, status));
  }

  onSent(status: number): void {
    const { socket } = this;
    const callback = this.takeWriteCallback();
    this.queuedBefore = 0;
    if (status < 0 && (canceledWriteFails || !socket.destroyed)) {
      const error = ofCompletion(() => errnoException(status, 'write'));
      if (callback !== null) callback(error);
      else if (this.ownEndpoint !== null) this.inContext(() => socket.destroy(error));
      return;
    }
    if (!socket.destroyed) refreshIdle(socket);
    callback?.(null);
  }

  onShut(): void {
    const callback = this.shutdownCallback;
    this.shutdownCallback = null;
    // As node:net, no error of a shutdown that fails after its call: the peer's reset reports it.
    callback?.();
  }

  onClosed(): void {
    const write = this.takeWriteCallback();
    const shutdown = this.shutdownCallback;
    this.shutdownCallback = null;
    if (write !== null)
      asCallOfItsOwn(() => write(canceledWriteFails ? errnoException(ECANCELED, 'write') : null));
    if (shutdown !== null) asCallOfItsOwn(shutdown);
    this.onConnected(ECANCELED);
    this.gone?.();
  }

  inContext(call: () => void): void {
    if (this.ownHandle === null) call();
    else reportIn(this.ownHandle.asyncContext, call);
  }
}
