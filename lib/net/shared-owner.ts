// Two sockets over one endpoint: a program has given one socket's handle to another.
import type { StreamEndpoint, StreamOwner } from '../port/endpoint.js';
import type { ThisSocket } from './state.js';
import { SocketOwner } from './transfer.js';

/** Received bytes go to the first socket, completions to the socket that made the call. */
export class SharedOwner implements StreamOwner {
  readonly socket: ThisSocket;
  private readonly taker: SocketOwner;

  constructor(
    private readonly first: StreamOwner & { socket?: ThisSocket },
    taker: ThisSocket,
    endpoint: StreamEndpoint,
  ) {
    this.socket = first.socket ?? taker;
    this.taker = new SocketOwner(taker, endpoint);
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
    if (this.taker.awaitsSent()) this.taker.onSent(status);
    else this.first.onSent(status);
  }

  onShut(status: number): void {
    this.first.onShut(status);
  }

  onClosed(): void {
    this.taker.onClosed();
    this.first.onClosed();
  }
}
