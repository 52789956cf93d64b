// A connection that nobody may send bytes on: the first ones destroy the socket.
import type { Receiver } from '../../port/endpoint.js';
import type { Connection } from '../connection.js';
import type { ThisSocket } from '../state.js';
import type { Sink } from './sink.js';

export class GuardSink implements Sink {
  constructor(
    readonly guarded: Sink,
    private readonly socket: ThisSocket,
  ) {}

  get receiver(): Receiver | null {
    return this.guarded.receiver;
  }

  bytes(): void {
    this.socket.destroy();
  }

  end(connection: Connection): void {
    this.guarded.end(connection);
  }

  error(connection: Connection, status: number): void {
    this.guarded.error(connection, status);
  }

  follow(next: Connection): Sink {
    return this.guarded.follow(next);
  }
}
