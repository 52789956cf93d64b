// A connection that waits in an agent's pool must not receive: the bytes would be taken for the next answer.
import type { StreamOwner } from '../port/endpoint.js';
import { isCarried } from './socket.js';
import { kEndpoint, kReading, type ThisSocket } from './state.js';
import { startReceiving } from './transfer.js';

const guards = new Set<Guard>();

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
    guards.delete(this);
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
  if (owner instanceof Guard) {
    guards.delete(owner);
    endpoint.owner = owner.guarded;
  }
  if (on) {
    const guard = new Guard(endpoint.owner, socket);
    guards.add(guard);
    endpoint.owner = guard;
    if (!socket[kReading]) startReceiving(socket);
  }
}

/** No agent reports any more when it takes a connection out of its pool. */
export function unguardAll(): void {
  for (const { socket } of guards) guardFree(socket, false);
  guards.clear();
}
