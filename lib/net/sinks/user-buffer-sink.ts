// `onread`: bytes are received where the program wants them.
import { types } from 'node:util';
import { errnoException, statusOf } from '../../node/errors.js';
import type { Receiver } from '../../port/endpoint.js';
import type { Connection } from '../connection/connection.js';
import { noteActivity } from '../connection/idle-timer.js';
import type { Sink } from './sink.js';
import { StreamSink, streamSink } from './stream-sink.js';

const ENOBUFS = statusOf('ENOBUFS');
const { isUint8Array } = types;
// Of a function that gives no buffer: node:net then counts what it receives.
const UNKNOWN_BUFFER_BYTES = 64 * 1024;

export type OnRead = (this: unknown, length: number, buffer: Uint8Array) => unknown;

/** What is there already when receiving starts is for the stream, as are the end and errors. */
export class UserBufferSink extends StreamSink implements Receiver {
  private buffer: unknown = true;
  /** Of the buffer when it was given: a shorter one has been transferred since. */
  private length = UNKNOWN_BUFFER_BYTES;
  // Where bytes go when there is no such place any more: the buffer was transferred.
  private lost: Uint8Array | null = null;

  constructor(
    private connection: Connection,
    /** Gives the buffer for the next bytes; null: it is always the same. */
    private readonly next: (() => unknown) | null,
    private readonly callback: OnRead,
  ) {
    super();
  }

  override get receiver(): Receiver {
    return this;
  }

  /** The option as it was given. */
  get option(): { buffer: unknown; callback: OnRead } {
    return { buffer: this.next ?? this.buffer, callback: this.callback };
  }

  /** Asks the program for a buffer, if it gives a new one each time. */
  renew(): void {
    const { next } = this;
    if (next !== null) this.take(next());
  }

  /** The buffer for the next bytes; anything else leaves the one before. */
  take(buffer: unknown): void {
    if (!isUint8Array(buffer)) return;
    this.buffer = buffer;
    this.length = buffer.length;
  }

  /** That of a connection, perhaps under another sink. */
  static of(connection: Connection): UserBufferSink | null {
    for (let sink: Sink | null = connection.sink; sink !== null; sink = sink.under) {
      if (sink instanceof UserBufferSink) return sink;
    }
    return null;
  }

  /** With `onread` the socket's read() and resume() start to receive by themselves. */
  static start(connection: Connection): void {
    if (connection.sink === streamSink || UserBufferSink.of(connection) === null) return;
    if (!connection.socket.connecting && connection.handle !== null && !connection.reading) {
      connection.startReading();
    }
  }

  override follow(next: Connection): Sink {
    this.connection = next;
    return this;
  }

  memory(): Uint8Array | null {
    const { buffer, length, connection } = this;
    const { socket } = connection;
    if (socket.destroyed || !connection.reading) return null;
    if (isUint8Array(buffer) && buffer.length === length && length > 0) return buffer;
    if (length === 0) {
      connection.inContext(() => socket.destroy(errnoException(ENOBUFS, 'read')));
      return null;
    }
    // node:net goes on and counts: its memory is still there, under another name.
    if (this.lost?.length !== length) this.lost = new Uint8Array(length);
    return this.lost;
  }

  onFilled(length: number): void {
    const { connection } = this;
    connection.inContext(() => this.callBack(connection, length));
  }

  private callBack(connection: Connection, length: number): void {
    const { socket, endpoint } = connection;
    noteActivity(socket);
    connection.countRead(length);
    const goOn = this.callback.call(socket, length, this.buffer as Uint8Array) !== false;
    this.renew();
    if (!goOn) connection.stopReceiving(endpoint);
  }
}
