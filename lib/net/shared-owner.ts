// Two sockets over one endpoint: a program has given one socket's handle to another.
import type { StreamEndpoint, StreamOwner } from '../port/endpoint.js';
import type { ThisSocket } from './state.js';
import { SocketOwner } from './transfer.js';

/** Received bytes go to the first socket, completions to the socket that made the call. */
export class SharedOwner implements StreamOwner {
  readonly socket: ThisSocket;
  private readonly taker: SocketOwner;

  constructor(
    private readonly first: StreamOwner & { socket?: ThisSocket; awaitsSent?(): boolean },
    taker: ThisSocket,
    endpoint: StreamEndpoint,
  ) {
    this.socket = first.socket ?? taker;
    this.taker = new SocketOwner(taker, endpoint);
  }

  awaitsSent(): boolean {
    return this.taker.awaitsSent() || Boolean(this.first.awaitsSent?.());
  }

  onConnected(status: number): void {
    this.first.onConnected(status);
  }

  onReceived(...args: Parameters<StreamOwner['onReceived']>): void {
    this.first.onReceived(...args);
  }

  onEnded(): void {
    this.first.onEnded();
  }

  onReceiveFailed(status: number): void {
    this.first.onReceiveFailed(status);
  }

  onSent(status: number): void {
    // One completion for all that was queued.
    const awaited = this.taker.awaitsSent();
    if (!awaited || this.first.awaitsSent?.()) this.first.onSent(status);
    if (awaited) this.taker.onSent(status);
  }

  onShut(status: number): void {
    this.taker.onShut();
    this.first.onShut(status);
  }

  onClosed(): void {
    this.taker.onClosed();
    this.first.onClosed();
  }
}
