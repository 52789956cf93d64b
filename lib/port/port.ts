// The JavaScript half of the port: writes submissions, hands completions to the endpoints that they belong to.
import { Buffer } from 'node:buffer';
import type { Addon, CounterName, NativePort } from './addon.js';
import {
  AdoptFlag,
  COMPLETION_CAPACITY,
  COMPLETION_WORDS,
  COUNTER_NAMES,
  Completion,
  CompletionField,
  ConnectStage,
  EndpointKind,
  Header,
  ListenFlag,
  type Operation,
  RECORD_WORDS,
  SLAB_BYTES,
  SUBMISSION_CAPACITY,
  SUBMISSION_WORDS,
  SubmissionField,
} from './boundary.js';
import { nowMs } from './clock.js';
import { type Endpoint, type ListenerOwner, ListeningEndpoint, StreamEndpoint } from './endpoint.js';
import { runTicks } from './ticks.js';

export type Counters = Record<CounterName, number>;

const byCloseOrder = (a: Closed, b: Closed) => (a.closeOrder - b.closeOrder) | 0;

/** In the place of a completion that was delivered ahead of its turn. */
const CONSUMED = 0;

/** The most that one write can carry through the slab. */
export const SLAB_WRITE_BYTES_MAX = SLAB_BYTES;

/** A batch goes on in the next turn of the loop after this much work, so that timers and other handles get theirs. */
const TURN_MS = 1;
/** Completions between two looks at the clock. */
const CLOCK_STRIDE = 8;
/** Up to here bytes are copied one by one: a view for a copy in one call costs more. */
const COPIED_SINGLY_BYTES_MAX = 64;

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

/** Reported as closed in the loop's closing phase. */
export interface Closed {
  /** When the close was asked for. */
  closeOrder: number;
  finish(): void;
}

/** A property of its own: a program may have put one of that name on Object.prototype. */
export const isFailure = (result: object): result is PortFailure => Object.hasOwn(result, 'stage');

const kindOf = (family: number) => (family === 0 ? EndpointKind.Pipe : EndpointKind.Tcp);

export class CompletionPort {
  readonly name: 'epoll' | 'iocp';
  readonly pipeNameBytesMax: number;
  readonly native: NativePort;
  /** The status of an operation that would block. */
  readonly again: number;
  /** True while a batch is being dispatched. */
  dispatching = false;

  // Nobody else has a name for this memory: bytes reach their owner in memory of their own.
  readonly #control: Int32Array;
  readonly #arena: Uint8Array;
  readonly #arenaMemory: ArrayBufferLike;
  readonly #arenaStart: number;
  readonly #slab: Buffer;
  readonly #counters: Float64Array;
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
    const { control, counters, slab, arena } = memory;
    this.#control = control;
    this.#counters = counters;
    this.#slab = Buffer.from(slab.buffer, slab.byteOffset, slab.byteLength);
    this.#arena = arena;
    this.#arenaMemory = arena.buffer;
    this.#arenaStart = arena.byteOffset;
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
    const counters = {} as Counters;
    COUNTER_NAMES.forEach((name, at) => {
      counters[name] = this.#counters[at] as number;
    });
    return counters;
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
    const control = this.#control;
    const tail = control[Header.SubmissionTail] as number;
    if (((tail - (control[Header.SubmissionHead] as number)) | 0) >= SUBMISSION_CAPACITY) this.flush();
    const at = SUBMISSION_WORDS + (tail & (SUBMISSION_CAPACITY - 1)) * RECORD_WORDS;
    control[at + SubmissionField.Operation] = operation;
    control[at + SubmissionField.Index] = endpoint.index;
    control[at + SubmissionField.Generation] = endpoint.generation;
    control[at + SubmissionField.Argument] = argument;
    control[Header.SubmissionTail] = (tail + 1) | 0;
  }

  flush(): void {
    this.native.flush();
  }

  /** Encodes a string into the slab, after the first `at` bytes; returns where it ends. */
  encode(text: string, encoding: BufferEncoding, at: number): number {
    return at + this.#slab.write(text, at, encoding);
  }

  /** The same for bytes. */
  copy(bytes: Uint8Array, at: number): number {
    this.#slab.set(bytes, at);
    return at + bytes.length;
  }

  /** Sends of the first `length` bytes of the slab what the system takes now: their number, or a status. */
  sendSlab({ index, generation }: Endpoint, length: number): number {
    const control = this.#control;
    control[Header.SlabIndex] = index;
    control[Header.SlabGeneration] = generation;
    control[Header.SlabLength] = length;
    this.native.sendSlab();
    return control[Header.SlabSent] as number;
  }

  /** A copy of what is in the slab from `start` to `end`. */
  slabCopy(start: number, end: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#slab, start, end);
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
    const control = this.#control;
    const chunks: Buffer[] = [];
    let status = 0;
    const tail = control[Header.CompletionTail] as number;
    for (let head = control[Header.CompletionHead] as number; head !== tail; head = (head + 1) | 0) {
      const at = COMPLETION_WORDS + (head & (COMPLETION_CAPACITY - 1)) * RECORD_WORDS;
      if (this.#endpointAt(at) !== endpoint) continue;
      const kind = control[at + CompletionField.Kind];
      if (kind === Completion.Received) chunks.push(this.#receivedAt(at));
      else if (kind === Completion.ReceiveFailed) status = control[at + CompletionField.Status] as number;
      else if (kind !== Completion.Receivable && kind !== Completion.Ended) continue;
      control[at + CompletionField.Kind] = CONSUMED;
    }
    return { chunks, status };
  }

  /** Whether bytes of the endpoint have been received that its owner has not been given yet. */
  hasReceived(endpoint: StreamEndpoint): boolean {
    const control = this.#control;
    const tail = control[Header.CompletionTail] as number;
    for (let head = control[Header.CompletionHead] as number; head !== tail; head = (head + 1) | 0) {
      const at = COMPLETION_WORDS + (head & (COMPLETION_CAPACITY - 1)) * RECORD_WORDS;
      if (control[at] === Completion.Received && this.#endpointAt(at) === endpoint) return true;
    }
    return false;
  }

  /** Counts what keeps the loop alive: the port does as long as one endpoint does. */
  retain(): void {
    if (this.#references++ === 0) this.native.reference(true);
  }

  release(): void {
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
    const control = this.#control;
    const tail = control[Header.CompletionTail] as number;
    // What the ring still has for endpoints that close comes before their end. The rest waits for its turn.
    for (let head = control[Header.CompletionHead] as number; head !== tail; head = (head + 1) | 0) {
      const at = COMPLETION_WORDS + (head & (COMPLETION_CAPACITY - 1)) * RECORD_WORDS;
      const endpoint = this.#endpointAt(at);
      if (endpoint === undefined || !endpoint.isClosing()) continue;
      if (ticks) runTicks();
      ticks = true;
      this.#deliver(endpoint, at);
    }
    // What closes from here on is reported in the next turn of the loop.
    if (this.#finishing.length === 0) {
      [this.#finishing, this.#closed] = [this.#closed, this.#finishing];
      if (this.#finishing.length > 1) this.#finishing.sort(byCloseOrder);
    }
    for (let last = this.#finishing.pop(); last !== undefined; last = this.#finishing.pop()) {
      if (ticks) runTicks();
      ticks = true;
      last.finish();
    }
    return true;
  }

  /** The endpoint of a record: none if it has gone, or the record was delivered. */
  #endpointAt(at: number): Endpoint | undefined {
    const control = this.#control;
    const endpoint = this.#endpoints[control[at + CompletionField.Index] as number];
    if (endpoint === undefined || endpoint.generation !== control[at + CompletionField.Generation])
      return undefined;
    return control[at + CompletionField.Kind] === CONSUMED ? undefined : endpoint;
  }

  #drain(ticks: boolean, endMs: number): boolean {
    const control = this.#control;
    for (let count = 0; ; count++) {
      // Read anew each time: a handler that turns the loop takes completions of this very batch.
      const head = control[Header.CompletionHead] as number;
      if (head === control[Header.CompletionTail]) return true;
      const at = COMPLETION_WORDS + (head & (COMPLETION_CAPACITY - 1)) * RECORD_WORDS;
      const kind = control[at] as Completion;
      if ((kind === Completion.Accepted || count % CLOCK_STRIDE === CLOCK_STRIDE - 1) && count > 0) {
        if (nowMs() > endMs) return false;
      }
      // The first completion's ticks are due only after it, the last one's run when this call returns to Node.
      if (ticks) runTicks();
      if (control[Header.CompletionHead] !== head) continue; // a tick has turned the loop
      control[Header.CompletionHead] = (head + 1) | 0; // before the handler: if it throws, the next call goes on after it
      const endpoint = this.#endpointAt(at);
      ticks = endpoint !== undefined;
      if (endpoint !== undefined) this.#deliver(endpoint, at);
    }
  }

  #deliver(endpoint: Endpoint, at: number): void {
    const control = this.#control;
    const kind = control[at + CompletionField.Kind] as Completion;
    control[at + CompletionField.Kind] = CONSUMED;
    const status = control[at + CompletionField.Status] as number;
    switch (kind) {
      case Completion.Received:
        (endpoint as StreamEndpoint).owner.onReceived(this.#receivedAt(at));
        return;
      case Completion.Receivable:
        (endpoint as StreamEndpoint).receivable(control[at + CompletionField.Waiting] as number);
        return;
      case Completion.Accepted: {
        const listener = endpoint as ListeningEndpoint;
        const index = control[at + CompletionField.AcceptedIndex] as number;
        const generation = control[at + CompletionField.AcceptedGeneration] as number;
        const accepted = new StreamEndpoint(this, index, generation, {
          pipe: listener.pipe,
          connecting: false,
        });
        this.#adopt(accepted);
        // Closed meanwhile: the connection meets the fate of those that were never accepted.
        if (endpoint.isClosing() && !endpoint.isHandedOver()) accepted.close();
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

  /** Memory of its own: no chunk shows another connection's bytes, and the arena is used again at once. */
  #receivedAt(at: number): Buffer {
    const offset = this.#control[at + CompletionField.Offset] as number;
    const length = this.#control[at + CompletionField.Length] as number;
    const chunk = Buffer.allocUnsafeSlow(length);
    if (length <= COPIED_SINGLY_BYTES_MAX) {
      const arena = this.#arena;
      for (let i = 0; i < length; i++) chunk[i] = arena[offset + i] as number;
    } else {
      chunk.set(new Uint8Array(this.#arenaMemory, this.#arenaStart + offset, length));
    }
    return chunk;
  }

  #adopt<T extends Endpoint>(endpoint: T): T {
    this.#endpoints[endpoint.index] = endpoint;
    return endpoint;
  }

  #reply(word: Header): number {
    return this.#control[word] as number;
  }
}
