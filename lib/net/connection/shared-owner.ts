// Two sockets over one endpoint: a program has given one socket's handle to another.
import type { Buffer } from 'node:buffer';
import type { StreamOwner } from '../../port/endpoint.js';
import type { ThisSocket } from '../state.js';
import type { Connection } from './connection.js';

/** Received bytes go to the first socket, completions to the socket that made the call. */
export class SharedOwner implements StreamOwner {
  /** Who receives can change: too rare to be lent anything. */
  readonly borrower = null;
  receiving: Connection;

  constructor(
    private readonly first: Connection | SharedOwner,
    private readonly taker: Connection,
  ) {
    this.receiving = first instanceof SharedOwner ? first.receiving : first;
  }

  get socket(): ThisSocket {
    return this.first.socket;
  }

  get awaitsSent(): boolean {
    return this.taker.awaitsSent || this.first.awaitsSent;
  }

  onConnected(status: number): void {
    this.first.onConnected(status);
  }

  onReceived(chunk: Buffer): void {
    this.receiving.onReceived(chunk);
  }

  onEnded(): void {
    this.receiving.onEnded();
  }

  onReceiveFailed(status: number): void {
    this.receiving.onReceiveFailed(status);
  }

  onSent(status: number): void {
    // One completion for all that was queued.
    const awaited = this.taker.awaitsSent;
    if (!awaited || this.first.awaitsSent) this.first.onSent(status);
    if (awaited) this.taker.onSent(status);
  }

  onShut(): void {
    this.taker.onShut();
    this.first.onShut();
  }

  onClosed(): void {
    try {
      this.taker.onClosed();
    } finally {
      this.first.onClosed();
    }
  }
}
