// A listener: it brings connections, and accepts again by itself after it had to pause.
import { Operation, Option } from './boundary.js';
import { setTimeout } from './clock.js';
import { Endpoint, type StreamEndpoint } from './endpoint.js';
import type { CompletionPort } from './port.js';

/** Pause of a listener that could not accept for want of memory. */
const ACCEPT_RETRY_MS = 100;

export interface ListenerOwner {
  onAccepted(endpoint: StreamEndpoint): void;
  /** Accepting has paused, and goes on by itself a little later. */
  onAcceptFailed(status: number): void;
  onClosed(): void;
}

export class ListeningEndpoint extends Endpoint {
  readonly pipe: boolean;
  readonly owner: ListenerOwner;

  constructor(
    port: CompletionPort,
    index: number,
    generation: number,
    { pipe, owner }: { pipe: boolean; owner: ListenerOwner },
  ) {
    super(port, index, generation);
    this.pipe = pipe;
    this.owner = owner;
    this.updateHold();
  }

  /** Lets other users than the owner of the process open the pipe; `add` keeps what they may do already. */
  setPipeMode(readableAll: boolean, writableAll: boolean, add: boolean): number {
    return this.setOption(Option.PipeMode, readableAll ? 1 : 0, writableAll ? 1 : 0, add ? 1 : 0);
  }

  acceptFailed(status: number): void {
    const retry = setTimeout(() => {
      if (!this.isClosing()) this.port.submit(Operation.AcceptStart, this, 0);
    }, ACCEPT_RETRY_MS);
    retry.unref();
    this.owner.onAcceptFailed(status);
  }

  protected hasPending(): boolean {
    return false;
  }

  protected awaitsOthers(): boolean {
    return true;
  }

  protected closed(): void {
    this.owner.onClosed();
  }
}
