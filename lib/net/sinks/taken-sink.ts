// Bytes for TLS: over a handle, the socket itself sees neither them nor their end.
import type { Buffer } from 'node:buffer';
import type { Connection } from '../connection/connection.js';
import { refreshIdle } from '../connection/idle-timer.js';
import type { Sink } from './sink.js';
import { streamSink } from './stream-sink.js';

/** As much as is needed here of the stream that TLS reads. */
interface Taken {
  push(chunk: Buffer | null): boolean;
  receiveFailed(status: number): void;
}

export class TakenSink implements Sink {
  readonly receiver = null;
  readonly under = null;

  constructor(private readonly taken: Taken) {}

  bytes(connection: Connection, chunk: Buffer): void {
    refreshIdle(connection.socket);
    connection.countRead(chunk.length);
    if (!this.taken.push(chunk)) connection.stopReceiving();
  }

  end({ socket }: Connection): void {
    refreshIdle(socket);
    this.taken.push(null);
  }

  /** An error of reading is one of TLS, as over a handle. */
  error({ socket }: Connection, status: number): void {
    refreshIdle(socket);
    this.taken.receiveFailed(status);
  }

  follow(): Sink {
    return streamSink;
  }
}
