// The JavaScript half of the port: writes submissions, hands completions to the endpoints that they belong to.
import type { Buffer } from 'node:buffer';
import type { Addon, CounterName, NativePort } from './addon.js';
import {
  AdoptFlag,
  Completion,
  CompletionField,
  ConnectStage,
  EndpointKind,
  Header,
  ListenFlag,
  type Operation,
} from './boundary.js';
import { nowMs } from './clock.js';
import { type Endpoint, StreamEndpoint } from './endpoint.js';
import { Lending } from './lent-bytes.js';
import { type ListenerOwner, ListeningEndpoint } from './listening-endpoint.js';
import { SharedMemory } from './memory.js';
import type { ConnectOptions, ListenOptions, PortFailure } from './opening.js';
import { Slab } from './slab.js';
import { runTicks } from './ticks.js';

export type Counters = Record<CounterName, number>;

const byCloseOrder = (a: Closed, b: Closed) => (a.closeOrder - b.closeOrder) | 0;

/** A batch goes on in the next turn of the loop after this much work, so that timers and other handles get theirs. */
const TURN_MS = 1;
/** Completions between two looks at the clock. */
const CLOCK_STRIDE = 8;

/** Reported as closed in the loop's closing phase. */
export interface Closed {
  /** When the close was asked for. */
  closeOrder: number;
  finish(): void;
}

const kindOf = (family: number) => (family === 0 ? EndpointKind.Pipe : EndpointKind.Tcp);

export class CompletionPort {
  readonly name: 'epoll' | 'iocp';
  readonly pipeNameBytesMax: number;
  readonly native: NativePort;
  /** The status of an operation that would block. */
  readonly again: number;
  /** Where small writes are put together. */
  readonly slab: Slab;
  /** Where bytes are lent to those who keep none. */
  readonly lending = new Lending();
  /** True while a batch is being dispatched. */
  dispatching = false;

  readonly #memory: SharedMemory;
  readonly #endpoints: (Endpoint | undefined)[] = [];
  #references = 0;
  // What has closed since the loop's last closing phase, the first one first.
  #closed: Closed[] = [];
  #finishing: Closed[] = [];
  #closingAwaited = false;
  #closes = 0;

  private constructor(addon: Addon, opened: (dispatch: (closing: boolean) => boolean) => NativePort) {
    this.name = addon.name;
    this.pipeNameBytesMax = addon.pipeNameBytesMax;
    this.again = addon.again;
    const { memory, ...calls } = opened((closing) => this.#dispatch(closing));
    // A copy: an object that Node-API has filled is a hash table to V8, and every write looks into this one.
    this.native = Object.freeze({ ...calls, memory });
    this.#memory = new SharedMemory(memory);
    this.slab = new Slab(memory);
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

  counters(): Counters {
    return this.#memory.counters();
  }

  listen(options: ListenOptions, owner: ListenerOwner): ListeningEndpoint | PortFailure {
    let flags = 0;
    if (options.ipv6Only) flags |= ListenFlag.Ipv6Only;
    if (options.reusePort) flags |= ListenFlag.ReusePort;
    const { host, port, family, backlog } = options;
    const status = this.native.listen(kindOf(family), host, port, family, backlog, flags);
    if (status !== 0) return { status, stage: 'listen' };
    return this.#adopt(
      new ListeningEndpoint(this, this.#reply(Header.ReplyIndex), this.#reply(Header.ReplyGeneration), {
        pipe: family === 0,
        owner,
      }),
    );
  }

  connect(options: ConnectOptions): StreamEndpoint | PortFailure {
    const { host, port, family, localHost, localPort = 0 } = options;
    const status = this.native.connect(kindOf(family), host, port, family, localHost, localPort);
    if (status !== 0) {
      return { status, stage: this.#reply(Header.ReplyIndex) === ConnectStage.Bind ? 'bind' : 'connect' };
    }
    return this.#adopt(
      new StreamEndpoint(this, this.#reply(Header.ReplyIndex), this.#reply(Header.ReplyGeneration), {
        pipe: family === 0,
        connecting: true,
      }),
    );
  }

  /**
   * Carries a connected stream socket that was opened elsewhere: takes the descriptor over, or a duplicate of it.
   * A number is one of libuv's error numbers, ENOTSUP for what the port cannot carry; the descriptor is then untouched.
   */
  adoptStream(descriptor: number, duplicate: boolean): StreamEndpoint | number {
    const status = this.native.adopt(descriptor, duplicate ? AdoptFlag.AdoptDuplicate : 0, 0);
    if (status !== 0) return status;
    return this.#adopt(
      new StreamEndpoint(this, this.#reply(Header.ReplyIndex), this.#reply(Header.ReplyGeneration), {
        pipe: this.#reply(Header.ReplyKind) === EndpointKind.Pipe,
        connecting: false,
      }),
    );
  }

  /** Listens on a bound socket that was opened elsewhere; the rest as in adoptStream. */
  adoptListener(
    descriptor: number,
    duplicate: boolean,
    backlog: number,
    owner: ListenerOwner,
  ): ListeningEndpoint | number {
    const flags = AdoptFlag.AdoptListener | (duplicate ? AdoptFlag.AdoptDuplicate : 0);
    const status = this.native.adopt(descriptor, flags, backlog);
    if (status !== 0) return status;
    return this.#adopt(
      new ListeningEndpoint(this, this.#reply(Header.ReplyIndex), this.#reply(Header.ReplyGeneration), {
        pipe: this.#reply(Header.ReplyKind) === EndpointKind.Pipe,
        owner,
      }),
    );
  }

  /** Every endpoint that has not closed. */
  *endpoints(): Iterable<Endpoint> {
    for (const endpoint of this.#endpoints) if (endpoint !== undefined) yield endpoint;
  }

  // ---- for the endpoints ----

  submit(operation: Operation, endpoint: Endpoint, argument: number): void {
    if (this.#memory.isFull()) this.flush();
    this.#memory.submit(operation, endpoint, argument);
  }

  flush(): void {
    this.native.flush();
  }

  /** Whether sockets have descriptors that can be duplicated. */
  get duplicates(): boolean {
    return this.name === 'epoll';
  }

  /**
   * Takes what has been received for an endpoint out of the ring, as copies; `status` is below 0 when receiving has
   * failed. Bytes that are only announced, and the end, stay with the system.
   */
  withdraw(endpoint: StreamEndpoint): { chunks: Buffer[]; status: number } {
    const memory = this.#memory;
    const chunks: Buffer[] = [];
    let status = 0;
    for (const record of memory.records()) {
      if (this.#endpointOf(record) !== endpoint) continue;
      const kind = memory.kind(record);
      if (kind === Completion.Received) chunks.push(memory.received(record));
      else if (kind === Completion.ReceiveFailed) status = memory.field(record, CompletionField.Status);
      else if (kind !== Completion.Receivable && kind !== Completion.Ended) continue;
      memory.consume(record);
    }
    return { chunks, status };
  }

  /** Whether bytes of the endpoint have been received that its owner has not been given yet. */
  hasReceived(endpoint: StreamEndpoint): boolean {
    const memory = this.#memory;
    for (const record of memory.records()) {
      if (memory.kind(record) === Completion.Received && this.#endpointOf(record) === endpoint) return true;
    }
    return false;
  }

  /** Counts what keeps the loop alive: the port does as long as one endpoint does. */
  holdLoop(): void {
    if (this.#references++ === 0) this.native.reference(true);
  }

  letLoopGo(): void {
    if (--this.#references === 0) this.native.reference(false);
  }

  /** Has `finish` called in the loop's closing phase, as late as libuv reports a handle closed. */
  afterClosing(finish: () => void): void {
    this.#closed.push({ closeOrder: this.awaitClosing(), finish });
  }

  /** Asks for a dispatch in the closing phase of this turn of the loop. Returns the close's place in the order. */
  awaitClosing(): number {
    if (!this.#closingAwaited) {
      this.#closingAwaited = true;
      this.native.dispatchClosing();
    }
    this.#closes = (this.#closes + 1) | 0;
    return this.#closes;
  }

  // ---- completions ----

  /** False when it has worked long enough and has left completions for the next turn. */
  #dispatch(closing: boolean): boolean {
    const nested = this.dispatching; // a handler turns the loop itself
    this.dispatching = true;
    const endMs = nowMs() + TURN_MS;
    if (closing) this.#closingAwaited = false;
    try {
      for (let ticks = false; ; ticks = true) {
        try {
          return closing ? this.#finishClosed(ticks) : this.#drain(ticks, endMs);
        } catch (error) {
          // Here, not in the caller: what processes ticks leaves its async context in place when it throws, and only the
          // treatment as uncaught clears that away. The batch then goes on after the handler that has thrown.
          this.native.uncaught(error);
        }
      }
    } finally {
      this.dispatching = nested;
    }
  }

  /** Reports what has closed, the last one first: libuv takes its closing handles from a stack. */
  #finishClosed(ticks: boolean): boolean {
    // What the ring still has for endpoints that close comes before their end. The rest waits for its turn.
    for (const record of this.#memory.records()) {
      if (this.#endpointOf(record)?.isClosing() !== true) continue;
      if (ticks) runTicks();
      ticks = true;
      const endpoint = this.#endpointOf(record); // a tick may have turned the loop
      if (endpoint !== undefined) this.#deliver(endpoint, record);
    }
    // What closes from here on is reported in the next turn of the loop.
    if (this.#finishing.length === 0) {
      [this.#finishing, this.#closed] = [this.#closed, this.#finishing];
      if (this.#finishing.length > 1) this.#finishing.sort(byCloseOrder);
    }
    while (this.#finishing.length > 0) {
      if (ticks) runTicks(); // before one is taken: if it throws, the next call goes on with that one
      ticks = true;
      this.#finishing.pop()?.finish();
    }
    return true;
  }

  /** The endpoint of a record: none if it has gone, or the record was delivered. */
  #endpointOf(record: number): Endpoint | undefined {
    const memory = this.#memory;
    const endpoint = this.#endpoints[memory.field(record, CompletionField.Index)];
    if (endpoint === undefined || memory.isConsumed(record)) return undefined;
    return endpoint.generation === memory.field(record, CompletionField.Generation) ? endpoint : undefined;
  }

  #drain(ticks: boolean, endMs: number): boolean {
    const memory = this.#memory;
    for (let count = 0; ; count++) {
      // Asked anew each time: a handler that turns the loop takes completions of this very batch.
      const record = memory.next();
      if (record === undefined) return true;
      const look = memory.kind(record) === Completion.Accepted || count % CLOCK_STRIDE === CLOCK_STRIDE - 1;
      if (look && count > 0 && nowMs() > endMs) return false;
      // The first completion's ticks are due only after it, the last one's run when this call returns to Node.
      if (ticks) {
        runTicks();
        if (memory.next() !== record) continue; // a tick has turned the loop
      }
      memory.take(); // before the handler: if it throws, the next call goes on after it
      const endpoint = this.#endpointOf(record);
      ticks = endpoint !== undefined;
      if (endpoint !== undefined) this.#deliver(endpoint, record);
    }
  }

  #deliver(endpoint: Endpoint, record: number): void {
    const memory = this.#memory;
    const kind = memory.kind(record);
    memory.consume(record);
    const status = memory.field(record, CompletionField.Status);
    switch (kind) {
      case Completion.Received:
        this.#received(endpoint as StreamEndpoint, record);
        return;
      case Completion.Receivable:
        (endpoint as StreamEndpoint).receivable(memory.field(record, CompletionField.Waiting));
        return;
      case Completion.Accepted: {
        const listener = endpoint as ListeningEndpoint;
        const index = memory.field(record, CompletionField.AcceptedIndex);
        const generation = memory.field(record, CompletionField.AcceptedGeneration);
        const accepted = new StreamEndpoint(this, index, generation, {
          pipe: listener.pipe,
          connecting: false,
        });
        this.#adopt(accepted);
        // Closed meanwhile: the connection meets the fate of those that were never accepted.
        if (endpoint.isClosing() && !endpoint.isHandedOver()) accepted.reset();
        else listener.owner.onAccepted(accepted);
        return;
      }
      case Completion.Connected:
        (endpoint as StreamEndpoint).connected(status);
        return;
      case Completion.Ended:
        (endpoint as StreamEndpoint).ended();
        return;
      case Completion.ReceiveFailed:
        (endpoint as StreamEndpoint).receiveFailed(status);
        return;
      case Completion.Sent:
        (endpoint as StreamEndpoint).sent(status);
        return;
      case Completion.Shut:
        (endpoint as StreamEndpoint).shut(status);
        return;
      case Completion.AcceptFailed:
        (endpoint as ListeningEndpoint).acceptFailed(status);
        return;
      case Completion.Closed:
        this.#endpoints[endpoint.index] = undefined;
        this.#closed.push(endpoint);
        this.awaitClosing();
        return;
      default:
        throw new RangeError(`iocp-net: the native port reported a completion of an unknown kind, ${kind}`);
    }
  }

  #received({ owner }: StreamEndpoint, record: number): void {
    const memory = this.#memory;
    const { borrower } = owner;
    const room = borrower === null ? null : this.lending.room(memory.field(record, CompletionField.Length));
    if (borrower === null || room === null) {
      owner.onReceived(memory.received(record));
    } else {
      memory.copyReceived(record, room);
      this.lending.lend(room, borrower);
    }
  }

  #adopt<T extends Endpoint>(endpoint: T): T {
    this.#endpoints[endpoint.index] = endpoint;
    return endpoint;
  }

  #reply(word: Header): number {
    return this.#memory.reply(word);
  }
}
