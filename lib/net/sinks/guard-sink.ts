// A connection that nobody may send bytes on: the first ones destroy the socket.
import type { Receiver } from '../../port/endpoint.js';
import type { Connection } from '../connection/connection.js';
import type { ThisSocket } from '../state.js';
import type { Sink } from './sink.js';

export class GuardSink implements Sink {
  constructor(
    readonly under: Sink,
    private readonly socket: ThisSocket,
  ) {}

  get receiver(): Receiver | null {
    return this.under.receiver;
  }

  bytes(): void {
    this.socket.destroy();
  }

  end(connection: Connection): void {
    this.under.end(connection);
  }

  error(connection: Connection, status: number): void {
    this.under.error(connection, status);
  }

  follow(next: Connection): Sink {
    return this.under.follow(next);
  }
}
