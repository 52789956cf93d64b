// Bytes for an HTTP parser that reads the handle over node:net: the stream has no part in it, nor has an encoding.
import type { Buffer } from 'node:buffer';
import type { Receiver } from '../../port/endpoint.js';
import type { Borrower, LentBytes } from '../../port/lent-bytes.js';
import { reportIn } from '../async-context.js';
import type { Connection } from '../connection/connection.js';
import { refreshIdle } from '../connection/idle-timer.js';
import { port } from '../engine-port.js';
import type { ThisSocket } from '../state.js';
import { borrows, feed, feedLent, readsHandle } from './parser-feed.js';
import type { Sink } from './sink.js';

/** Whether a parser gets the bytes past the stream: a server's, or one that push() would give text. */
export function isParsed(socket: ThisSocket): boolean {
  return socket.parser != null && (socket.readableEncoding !== null || readsHandle(socket));
}

function lent(sink: ParserSink, bytes: LentBytes): void {
  const { connection } = sink;
  const { socket } = connection;
  if (sink.isIdle() && borrows(socket) && !socket.destroyed && connection.endpoint?.isReceiving() === true) {
    connection.countRead(bytes.length); // and nothing of the idle timer: the parser's end of reading does that
    feedLent(socket, bytes);
  } else {
    sink.bytes(connection, bytes.copy());
  }
}

export class ParserSink implements Sink, Borrower {
  readonly borrower = this;
  /** What came while the handle was stopped, or the socket paused; an end is null. */
  private waiting: (Buffer | null)[] | null = null;
  /** The handle is read again, once what waits has been given on. */
  private restarting = false;

  private constructor(
    readonly under: Sink,
    readonly connection: Connection,
  ) {}

  get receiver(): Receiver | null {
    return this.under.receiver;
  }

  /** Takes the place of the stream's sink until the parser is gone. */
  static instead(stream: Sink, connection: Connection): ParserSink {
    const sink = new ParserSink(stream, connection);
    connection.replaceSink(sink);
    return sink;
  }

  onLent(bytes: LentBytes): void {
    const { endpoint, handle } = this.connection;
    if (endpoint !== null && handle !== null) reportIn(handle.asyncContext, lent, this, bytes);
  }

  /** Nothing waits. */
  isIdle(): boolean {
    return this.waiting === null;
  }

  bytes(connection: Connection, chunk: Buffer): void {
    const { socket } = connection;
    if (this.waiting === null && !isParsed(socket)) {
      connection.replaceSink(this.under);
      this.under.bytes(connection, chunk);
    } else if (connection.arrived(chunk.length)) {
      this.parse(connection, chunk);
    }
  }

  parse(connection: Connection, chunk: Buffer): void {
    const { socket } = connection;
    const asHandle = readsHandle(socket);
    if (this.waiting !== null) {
      this.waiting.push(chunk);
    } else if (asHandle ? connection.endpoint?.isReceiving() !== true : socket.readableFlowing === false) {
      this.waiting = [chunk];
      if (asHandle) return; // until the handle is read again
      connection.stopReceiving(); // one chunk is enough to hold
      this.releaseWhenResumed(connection);
    } else {
      feed(socket, chunk, asHandle);
    }
  }

  end(connection: Connection): void {
    if (this.waiting === null) {
      this.under.end(connection);
      return;
    }
    refreshIdle(connection.socket);
    this.waiting.push(null);
  }

  error(connection: Connection, status: number): void {
    this.under.error(connection, status);
  }

  follow(next: Connection): Sink {
    return this.under.follow(next);
  }

  takeHeld(): Buffer[] {
    const chunks = this.waiting?.filter((chunk) => chunk !== null) ?? [];
    this.waiting = null;
    return chunks;
  }

  restart(connection: Connection): boolean {
    if (this.waiting === null) return false;
    if (!this.restarting) this.release(connection);
    this.restarting = true;
    return true;
  }

  stopped(): void {
    this.restarting = false;
  }

  private releaseWhenResumed(connection: Connection): void {
    connection.socket.once('resume', () => this.release(connection));
  }

  /** The first of them, in a call of the loop's own: over node:net the bytes were with the system until now. */
  private release(connection: Connection): void {
    const { socket } = connection;
    port().afterClosing(() => {
      if (this.waiting === null || socket.destroyed) return;
      if (readsHandle(socket)) {
        if (!this.restarting) return;
      } else if (socket.readableFlowing === false) {
        this.releaseWhenResumed(connection);
        return;
      }
      const chunk = this.waiting.shift() ?? null;
      if (this.waiting.length > 0) {
        this.release(connection);
      } else {
        this.waiting = null;
        this.restarting = false;
        connection.receive();
      }
      connection.inContext(() => {
        if (chunk === null) this.under.end(connection);
        else if (socket.parser != null) feed(socket, chunk, readsHandle(socket));
        else socket.push(chunk); // an upgrade: from here on the encoding counts
      });
    });
  }
}

/** What waits for a paused socket to be resumed, for whoever takes the socket over. An end stays with the system. */
export function takeHeld({ sink }: Connection): Buffer[] {
  return sink instanceof ParserSink ? sink.takeHeld() : [];
}
