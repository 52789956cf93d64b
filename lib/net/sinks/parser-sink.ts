// Bytes for an HTTP parser, whatever encoding the program has given to the socket (over node:net it reads the handle).
import type { Buffer } from 'node:buffer';
import type { Receiver } from '../../port/endpoint.js';
import type { Connection } from '../connection/connection.js';
import { refreshIdle } from '../connection/idle-timer.js';
import type { ThisSocket } from '../state.js';
import type { Sink } from './sink.js';

/** Whether a parser gets the bytes, and push() would give it text. */
export function isParsed(socket: ThisSocket): boolean {
  return socket.parser != null && socket.readableEncoding !== null;
}

export class ParserSink implements Sink {
  /** What came while the socket was paused; an end is null. */
  private held: (Buffer | null)[] | null = null;

  private constructor(readonly under: Sink) {}

  get receiver(): Receiver | null {
    return this.under.receiver;
  }

  /** Takes the place of the stream's sink until the parser is gone. */
  static instead(stream: Sink, connection: Connection): ParserSink {
    const sink = new ParserSink(stream);
    connection.sink = sink;
    return sink;
  }

  bytes(connection: Connection, chunk: Buffer): void {
    if (this.held === null && !isParsed(connection.socket)) {
      connection.sink = this.under;
      this.under.bytes(connection, chunk);
    } else if (connection.arrived(chunk.length)) {
      this.parse(connection, chunk);
    }
  }

  parse(connection: Connection, chunk: Buffer): void {
    const { socket } = connection;
    if (this.held !== null) {
      this.held.push(chunk);
    } else if (socket.readableFlowing === false) {
      this.held = [chunk];
      connection.stopReceiving(); // one chunk is enough to hold
      socket.once('resume', () => this.release(connection));
    } else {
      socket.emit('data', chunk);
    }
  }

  end(connection: Connection): void {
    if (this.held === null) {
      this.under.end(connection);
      return;
    }
    refreshIdle(connection.socket);
    this.held.push(null);
  }

  error(connection: Connection, status: number): void {
    this.under.error(connection, status);
  }

  follow(next: Connection): Sink {
    return this.under.follow(next);
  }

  private release(connection: Connection): void {
    const { socket } = connection;
    const chunks = this.held ?? [];
    this.held = null;
    for (const chunk of chunks) {
      if (socket.destroyed) return;
      if (chunk === null) this.end(connection);
      else if (socket.parser != null) this.parse(connection, chunk);
      else socket.push(chunk); // an upgrade: from here on the encoding counts
    }
    if (this.held === null && !connection.reading) connection.receive();
  }
}
