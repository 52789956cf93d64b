// A connection that waits in an agent's pool must not receive: the bytes would be taken for the next answer.
import type { StreamOwner } from '../port/endpoint.js';
import { isCarried } from './socket.js';
import { kEndpoint, kReading, type ThisSocket } from './state.js';
import { startReceiving } from './transfer.js';

class Guard implements StreamOwner {
  constructor(
    readonly guarded: StreamOwner,
    readonly socket: ThisSocket,
  ) {}

  onReceived(): void {
    this.socket.destroy();
  }

  onConnected(status: number): void {
    this.guarded.onConnected(status);
  }

  onEnded(): void {
    this.guarded.onEnded();
  }

  onReceiveFailed(status: number): void {
    this.guarded.onReceiveFailed(status);
  }

  onSent(status: number): void {
    this.guarded.onSent(status);
  }

  onShut(status: number): void {
    this.guarded.onShut(status);
  }

  onClosed(): void {
    this.guarded.onClosed();
  }
}

// Node 22 and later distrust what arrives on a connection that waits for its next request.
const guardsFreeSockets = Number.parseInt(process.versions.node, 10) >= 22;

/** Destroys a socket of the port at the first byte that arrives, until it is called again with false. */
export function guardFree(socket: unknown, on = true): void {
  if (!guardsFreeSockets || !isCarried(socket)) return;
  const endpoint = socket[kEndpoint];
  if (endpoint === null || socket.connecting) return;
  const { owner } = endpoint;
  if (owner instanceof Guard) endpoint.owner = owner.guarded;
  if (on) {
    endpoint.owner = new Guard(endpoint.owner, socket);
    if (!socket[kReading]) startReceiving(socket);
  }
}
