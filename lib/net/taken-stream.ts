// What TLS reads and writes of a socket that stays with the port, without the socket's own buffers: as over a handle, the
// socket itself sees neither bytes nor their end.

import stream = require('node:stream');

import type { StreamEndpoint, StreamOwner } from '../port/endpoint.js';
import { errnoException } from './errors.js';
import {
  kBytesRead,
  kEndpoint,
  kReading,
  kUserBuffer,
  type ThisSocket,
  type WriteCallback,
} from './state.js';
import { refreshIdle, startReceiving, stopReceiving } from './transfer.js';

/** As much of a Duplex as Node's wrapper for streams calls; it has one write under way at a time. */
export class TakenStream extends stream.Readable {
  readonly writable = true;

  constructor(
    private readonly socket: ThisSocket,
    private readonly failed: (error: Error) => void,
  ) {
    super({ autoDestroy: false }); // the end of what is read ends nothing else
    if (socket.connecting) socket.prependOnceListener('connect', () => this.divert());
    else this.divert();
    socket.once('close', () => this.destroy());
  }

  override _read(): void {
    const { socket } = this;
    if (socket.connecting) socket.once('connect', () => this._read());
    else if (socket[kEndpoint] !== null && !socket[kReading]) startReceiving(socket);
  }

  cork(): void {
    this.socket.cork();
  }

  uncork(): void {
    this.socket.uncork();
  }

  write(chunk: Buffer, callback: WriteCallback): void {
    const { socket } = this;
    // As a handle that has been shut down: the system says what becomes of it.
    if (socket.writableEnded) socket._writeGeneric(false, chunk, 'buffer', callback);
    else socket.write(chunk, callback);
  }

  end(callback: WriteCallback): void {
    if (this.socket.writableEnded) process.nextTick(callback);
    else this.socket._final(callback);
  }

  override _destroy(_error: Error | null, callback: WriteCallback): void {
    this.socket.destroy();
    callback(null);
  }

  /** A chunk that the socket would have got. */
  arrived(chunk: Buffer): void {
    const { socket } = this;
    refreshIdle(socket);
    socket[kBytesRead] += chunk.length;
    if (!this.push(chunk)) stopReceiving(socket);
  }

  /** An error of reading is one of TLS, as over a handle. */
  receiveFailed(status: number): void {
    refreshIdle(this.socket);
    this.failed(errnoException(status, 'read'));
  }

  private divert(): void {
    const endpoint = this.socket[kEndpoint];
    if (endpoint === null) return;
    const { socket } = this;
    socket[kUserBuffer] = null; // bytes no longer go to the buffer of the program
    if (socket[kReading]) startReceiving(socket);
    endpoint.owner = new Diversion(endpoint.owner, endpoint, this, socket);
  }
}

/** Hands what is received to the stream, and everything else to the socket's own owner. */
class Diversion implements StreamOwner {
  constructor(
    private readonly own: StreamOwner,
    private readonly endpoint: StreamEndpoint,
    private readonly taken: TakenStream,
    readonly socket: ThisSocket,
  ) {}

  onReceived(chunk: Buffer): void {
    if (this.socket[kEndpoint] === this.endpoint) this.taken.arrived(chunk);
  }

  onEnded(): void {
    if (this.socket[kEndpoint] !== this.endpoint) return;
    refreshIdle(this.socket);
    this.taken.push(null);
  }

  onReceiveFailed(status: number): void {
    if (this.socket[kEndpoint] === this.endpoint) this.taken.receiveFailed(status);
  }

  onConnected(status: number): void {
    this.own.onConnected(status);
  }

  onSent(status: number): void {
    this.own.onSent(status);
  }

  onShut(status: number): void {
    this.own.onShut(status);
  }

  onClosed(): void {
    this.own.onClosed();
  }
}
