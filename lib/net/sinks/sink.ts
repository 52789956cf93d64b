// What receives on a connection, one class for each way: a stream, an HTTP parser, memory of the program's, TLS.
import type { Buffer } from 'node:buffer';
import type { Receiver } from '../../port/endpoint.js';
import type { Borrower } from '../../port/lent-bytes.js';
import type { Connection } from '../connection/connection.js';

/** Called in the connection's async context, and not after the socket has let go of it. */
export interface Sink {
  /** Has memory that bytes are received into from the next start on; null: they come as chunks. */
  readonly receiver: Receiver | null;
  /** The sink in whose place it is for a while. */
  readonly under: Sink | null;
  bytes(connection: Connection, chunk: Buffer): void;
  /** Is lent chunks instead, and enters the connection's context by itself. */
  readonly borrower?: Borrower;
  /** A parser has the socket's bytes from now on. */
  parsed?(connection: Connection): void;
  /** Receiving is to start again; true: not before the sink has given on what it holds. */
  restart?(connection: Connection): boolean;
  /** Receiving has been stopped. */
  stopped?(): void;
  /** The peer has ended its direction. */
  end(connection: Connection): void;
  /** Receiving has failed with one of libuv's error numbers. */
  error(connection: Connection, status: number): void;
  /** What receives on the connection that the socket has next. */
  follow(next: Connection): Sink;
}

export function deliver(connection: Connection, chunk: Buffer): void {
  connection.sink.bytes(connection, chunk);
}
