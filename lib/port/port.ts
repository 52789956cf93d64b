// The JavaScript half of the port: writes submissions, hands completions to the endpoints that they belong to.
import { Buffer } from 'node:buffer';
import type { Addon, CounterName, Layout, NativePort } from './addon.js';
import { type Endpoint, type ListenerOwner, ListeningEndpoint, StreamEndpoint } from './endpoint.js';
import { runTicks } from './ticks.js';

export type Counters = Record<CounterName, number>;

/** Bytes up to which a write is copied into the slab instead of being sent by reference. */
export const SLAB_WRITE_BYTES_MAX = 2048;

export interface ListenOptions {
  host: string;
  port: number;
  /** 4 or 6; 0 for a pipe, whose name is `host`. */
  family: 4 | 6 | 0;
  backlog: number;
  ipv6Only?: boolean;
  reusePort?: boolean;
}

export interface ConnectOptions {
  host: string;
  port: number;
  family: 4 | 6 | 0;
  localHost?: string | undefined;
  localPort?: number | undefined;
}

/** A failed call: one of libuv's negative error numbers, and for connect which step it was. */
export interface PortFailure {
  status: number;
  stage: 'bind' | 'connect' | 'listen';
}

export class CompletionPort {
  readonly name: 'epoll' | 'iocp';
  readonly pipeNameBytesMax: number;
  readonly layout: Layout;
  readonly native: NativePort;
  readonly arena: Buffer;
  /** True while a batch is being dispatched: what is submitted now leaves together when it ends. */
  dispatching = false;
  /** Counts the batches. */
  batch = 0;

  private readonly control: Int32Array;
  private readonly arenaMemory: ArrayBufferLike;
  private readonly arenaStart: number;
  private readonly slab: Buffer;
  private readonly owners: (Endpoint | undefined)[] = [];
  private references = 0;
  // The record that a write to the same endpoint may extend, so that a header and its body leave in one send.
  private lastSendAt = -1;
  private lastSendTo: StreamEndpoint | null = null;

  private constructor(addon: Addon, opened: (dispatch: () => void) => NativePort) {
    this.name = addon.name;
    this.pipeNameBytesMax = addon.pipeNameBytesMax;
    // Copies: what Node-API has filled is a hash table to V8, and every completion looks into these.
    this.layout = Object.freeze({ ...addon.layout });
    this.native = Object.freeze({ ...opened(() => this.dispatch()) });
    const { control, slab, arena } = this.native.memory;
    this.control = control;
    this.slab = Buffer.from(slab.buffer, slab.byteOffset, slab.byteLength);
    this.arenaMemory = arena.buffer;
    this.arenaStart = arena.byteOffset;
    this.arena = Buffer.from(this.arenaMemory, this.arenaStart, arena.byteLength);
  }

  /** Opens the environment's port, or returns the error number that kept it closed. */
  static open(addon: Addon): CompletionPort | number {
    let status = 0;
    try {
      return new CompletionPort(addon, (dispatch) => {
        const native = addon.open(dispatch);
        if (typeof native === 'number') {
          status = native;
          throw new Error('closed');
        }
        return native;
      });
    } catch (error) {
      if (status === 0) throw error;
      return status;
    }
  }

  /** Whether sockets have descriptors that can be duplicated. */
  get duplicates(): boolean {
    return this.name === 'epoll';
  }

  counters(): Counters {
    const values = this.native.memory.counters;
    const counters = {} as Counters;
    for (const [name, at] of Object.entries(this.layout.counters)) {
      counters[name as CounterName] = values[at] as number;
    }
    return counters;
  }

  listen(options: ListenOptions, owner: ListenerOwner): ListeningEndpoint | PortFailure {
    const { layout } = this;
    let flags = 0;
    if (options.ipv6Only) flags |= layout.ipv6Only;
    if (options.reusePort) flags |= layout.reusePort;
    const kind = options.family === 0 ? layout.kindPipe : layout.kindTcp;
    const status = this.native.listen(
      kind,
      options.host,
      options.port,
      options.family,
      options.backlog,
      flags,
    );
    if (status !== 0) return { status, stage: 'listen' };
    return this.adopt(
      new ListeningEndpoint(this, this.replyIndex(), this.replyGeneration(), options.family === 0, owner),
    );
  }

  connect(options: ConnectOptions): StreamEndpoint | PortFailure {
    const { layout, control, native } = this;
    const kind = options.family === 0 ? layout.kindPipe : layout.kindTcp;
    const { host, port, family, localHost, localPort = 0 } = options;
    const status = native.connect(kind, host, port, family, localHost, localPort);
    if (status !== 0) {
      return { status, stage: control[layout.replyIndex] === layout.stageBind ? 'bind' : 'connect' };
    }
    const endpoint = new StreamEndpoint(this, this.replyIndex(), this.replyGeneration(), family === 0, true);
    return this.adopt(endpoint);
  }

  /**
   * Carries a connected stream socket that was opened elsewhere: takes the descriptor over, or a duplicate of it.
   * A number is one of libuv's error numbers, ENOTSUP for what the port cannot carry; the descriptor is then untouched.
   */
  adoptStream(descriptor: number, duplicate: boolean): StreamEndpoint | number {
    const { layout, native } = this;
    const status = native.adopt(descriptor, duplicate ? layout.adoptDuplicate : 0, 0);
    if (status !== 0) return status;
    return this.adopt(
      new StreamEndpoint(this, this.replyIndex(), this.replyGeneration(), this.replyIsPipe(), false),
    );
  }

  /** Listens on a bound socket that was opened elsewhere; the rest as in adoptStream. */
  adoptListener(
    descriptor: number,
    duplicate: boolean,
    backlog: number,
    owner: ListenerOwner,
  ): ListeningEndpoint | number {
    const { layout, native } = this;
    const flags = layout.adoptListener | (duplicate ? layout.adoptDuplicate : 0);
    const status = native.adopt(descriptor, flags, backlog);
    if (status !== 0) return status;
    return this.adopt(
      new ListeningEndpoint(this, this.replyIndex(), this.replyGeneration(), this.replyIsPipe(), owner),
    );
  }

  // ---- submissions, for the endpoints ----

  submit(operation: number, endpoint: Endpoint, a: number, b: number): void {
    const { layout, control } = this;
    if (this.ringIsFull()) this.flush();
    const tail = control[layout.submissionTail];
    const at = layout.submissionWords + (tail & (layout.submissionCapacity - 1)) * layout.recordWords;
    control[at] = operation;
    control[at + 1] = endpoint.index;
    control[at + 2] = endpoint.generation;
    control[at + 3] = a;
    control[at + 4] = b;
    control[layout.submissionTail] = (tail + 1) | 0;
    this.lastSendAt = operation === layout.send ? at : -1;
  }

  /**
   * Makes room for a small write and returns where in the slab it begins. In the ring as well: a flush between the bytes
   * and their record would give their place in the slab to the next write.
   */
  reserve(bytesMax: number): number {
    const { layout, control } = this;
    if (this.ringIsFull() || control[layout.slabUsed] + bytesMax > layout.slabBytes) this.flush();
    return control[layout.slabUsed];
  }

  slabBuffer(): Buffer {
    return this.slab;
  }

  /** Submits the bytes that were written at the end of the slab. */
  submitSlab(endpoint: StreamEndpoint, length: number): void {
    const { layout, control } = this;
    const offset = control[layout.slabUsed];
    control[layout.slabUsed] = offset + length;
    if (this.lastSendAt >= 0 && this.lastSendTo === endpoint) {
      control[this.lastSendAt + 4] = control[this.lastSendAt + 4] + length;
    } else {
      this.submit(layout.send, endpoint, offset, length);
      this.lastSendTo = endpoint;
    }
    // Outside of a batch nothing is held back: whoever blocks after a write (a synchronous child, Atomics.wait) may
    // be waiting for the peer's answer to it.
    if (!this.dispatching) this.flush();
  }

  /** Sends by reference, behind everything that was submitted before. */
  send(endpoint: StreamEndpoint, bytes: Uint8Array | readonly Uint8Array[]): number {
    this.lastSendAt = -1;
    return this.native.send(endpoint.index, endpoint.generation, bytes);
  }

  flush(): void {
    this.lastSendAt = -1;
    this.native.flush();
  }

  /** Counts what keeps the loop alive: the port does as long as one endpoint does. */
  retain(): void {
    if (this.references++ === 0) this.native.reference(true);
  }

  release(): void {
    if (--this.references === 0) this.native.reference(false);
  }

  // ---- completions ----

  /** Bytes of the arena, for copying: cheaper than a Buffer's subarray() and, on Node 20, its copy(). */
  received(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.arenaMemory, this.arenaStart + offset, length);
  }

  /**
   * Takes what has been received for an endpoint out of the ring, as copies; `status` is below 0 when receiving has
   * failed. Bytes that are only announced, and the end, stay with the system.
   */
  withdraw(endpoint: StreamEndpoint): { chunks: Buffer[]; status: number } {
    const { layout, control } = this;
    const chunks: Buffer[] = [];
    let status = 0;
    for (let at = control[layout.completionHead]; at !== control[layout.completionTail]; at = (at + 1) | 0) {
      const record = layout.completionWords + (at & (layout.completionCapacity - 1)) * layout.recordWords;
      if (control[record + 1] !== endpoint.index || control[record + 2] !== endpoint.generation) continue;
      if (control[record] === layout.received) {
        const offset = control[record + 4] as number;
        chunks.push(Buffer.from(this.received(offset, control[record + 5] as number)));
      } else if (control[record] === layout.receiveFailed) {
        status = control[record + 3] as number;
      } else if (control[record] !== layout.receivable && control[record] !== layout.ended) {
        continue;
      }
      control[record + 2] = ~endpoint.generation; // stale from now on
    }
    return { chunks, status };
  }

  private dispatch(): void {
    this.lastSendAt = -1;
    this.dispatching = true;
    this.batch = (this.batch + 1) | 0;
    try {
      for (let ticks = false; ; ticks = true) {
        try {
          this.drain(ticks);
          return;
        } catch (error) {
          // Here, not in the caller: what processes ticks leaves its async context behind when it throws, and only the
          // treatment as uncaught clears that away. The batch then goes on behind the handler that has thrown.
          this.native.uncaught(error);
        }
      }
    } finally {
      this.dispatching = false;
      this.lastSendAt = -1; // drained as soon as this returns: a later write must not extend that record
    }
  }

  private drain(ticks: boolean): void {
    const { layout, control, owners, arena } = this;
    const headAt = layout.completionHead;
    const tailAt = layout.completionTail;
    for (let head = control[headAt]; head !== control[tailAt]; ) {
      // The first completion's ticks are due only after it, the last one's run when this call returns to Node.
      if (ticks) runTicks();
      const at = layout.completionWords + (head & (layout.completionCapacity - 1)) * layout.recordWords;
      head = (head + 1) | 0;
      control[headAt] = head; // before the handler: if it throws, the next call goes on behind it
      const endpoint = owners[control[at + 1]];
      if (endpoint === undefined || endpoint.generation !== control[at + 2]) continue;
      ticks = true;
      const status = control[at + 3];
      switch (control[at]) {
        case layout.received:
          (endpoint as StreamEndpoint).owner.onReceived(arena, control[at + 4], control[at + 5]);
          break;
        case layout.receivable:
          (endpoint as StreamEndpoint).receivable(control[at + 4]);
          break;
        case layout.broken:
          (endpoint as StreamEndpoint).broken = true;
          break;
        case layout.accepted: {
          const { owner, pipe } = endpoint as ListeningEndpoint;
          const accepted = new StreamEndpoint(this, control[at + 4], control[at + 5], pipe, false);
          this.adopt(accepted);
          // Closed meanwhile: the connection meets the fate of those that were never accepted.
          if (endpoint.isClosing()) accepted.close();
          else owner.onAccepted(accepted);
          break;
        }
        case layout.connected:
          (endpoint as StreamEndpoint).connected(status);
          break;
        case layout.ended:
          (endpoint as StreamEndpoint).ended();
          break;
        case layout.receiveFailed:
          (endpoint as StreamEndpoint).receiveFailed(status);
          break;
        case layout.stalled:
          (endpoint as StreamEndpoint).stall();
          break;
        case layout.sent:
          (endpoint as StreamEndpoint).sent(status);
          break;
        case layout.shut:
          (endpoint as StreamEndpoint).shut(status);
          break;
        case layout.acceptFailed:
          (endpoint as ListeningEndpoint).onAcceptFailed(status);
          break;
        case layout.closed:
          owners[endpoint.index] = undefined;
          endpoint.finish();
          break;
      }
    }
  }

  private ringIsFull(): boolean {
    const { layout, control } = this;
    const waiting = (control[layout.submissionTail] - control[layout.submissionHead]) | 0;
    return waiting >= layout.submissionCapacity;
  }

  private adopt<T extends Endpoint>(endpoint: T): T {
    this.owners[endpoint.index] = endpoint;
    return endpoint;
  }

  private replyIndex(): number {
    return this.control[this.layout.replyIndex];
  }

  private replyIsPipe(): boolean {
    return this.control[this.layout.replyKind] === this.layout.kindPipe;
  }

  private replyGeneration(): number {
    return this.control[this.layout.replyGeneration];
  }
}
