// What JavaScript holds of an endpoint: a listener, or one end of a stream. It knows no streams of Node's.
import { Buffer } from 'node:buffer';
import type { NativeAddress } from './addon.js';
import {
  CloseHow,
  EndpointKind,
  LARGE_RECEIVE_BYTES_MIN,
  Operation,
  Option,
  RECEIVABLE_BYTES_MAX,
  RECEIVE_BYTES_MAX,
  ReceiveMode,
} from './boundary.js';
import { type Borrower, copyOf } from './lent-bytes.js';
import type { CompletionPort } from './port.js';
import { runTicks } from './ticks.js';

/** What is reported to the owner of a stream: always from the dispatch of a batch, never from inside a submission. */
export interface StreamOwner {
  /** The connection stands (0), or has failed with one of libuv's error numbers. */
  onConnected(status: number): void;
  /** Bytes of this stream, in memory that belongs to nobody else. */
  onReceived(chunk: Buffer): void;
  /** Who is lent them instead, as long as nobody else is; null: nobody. */
  readonly borrower: Borrower | null;
  /** The peer has ended its direction. */
  onEnded(): void;
  onReceiveFailed(status: number): void;
  /** Everything queued has left (0), or sending has failed. */
  onSent(status: number): void;
  onShut(status: number): void;
  /** Nothing of the endpoint is left; the last call. */
  onClosed(): void;
}

/** An owner's own memory, that bytes are received into instead of into chunks. */
export interface Receiver {
  /** Where the next bytes go; null to receive no more for now. */
  memory(): Uint8Array | null;
  /** The first `length` bytes of that memory have been received. */
  onFilled(length: number): void;
}

const nothing = () => {};
/** Owner of an endpoint that nobody has taken: what comes is dropped. */
const NOBODY: StreamOwner = {
  onConnected: nothing,
  onReceived: nothing,
  borrower: null,
  onEnded: nothing,
  onReceiveFailed: nothing,
  onSent: nothing,
  onShut: nothing,
  onClosed: nothing,
};

/** 'handed over': closing, while the socket lives on elsewhere. 'gone': the port has reported that nothing is left. */
type Life = 'open' | 'closing' | 'handed over' | 'gone';

/** Of the direction that is sent in: asked for once in the life of an endpoint. */
type Shutdown = 'no' | 'under way' | 'over';

export abstract class Endpoint {
  readonly port: CompletionPort;
  readonly index: number;
  readonly generation: number;
  closeOrder = 0;
  private life: Life = 'open';
  private referenced = true;
  private holdsLoop = false;

  constructor(port: CompletionPort, index: number, generation: number) {
    this.port = port;
    this.index = index;
    this.generation = generation;
  }

  ref(): void {
    this.referenced = true;
    this.updateHold();
  }

  unref(): void {
    this.referenced = false;
    this.updateHold();
  }

  isClosing(): boolean {
    return this.life === 'closing' || this.life === 'handed over';
  }

  isHandedOver(): boolean {
    return this.life === 'handed over';
  }

  hasRef(): boolean {
    return this.referenced;
  }

  close(): void {
    this.beginClose(CloseHow.Graceful);
  }

  localAddress(): NativeAddress | number {
    return this.port.native.localAddress(this.index, this.generation);
  }

  /** A further descriptor of the same socket, for the caller to close; below 0 one of libuv's error numbers. */
  duplicate(): number {
    return this.port.native.duplicate(this.index, this.generation);
  }

  /** The socket's own descriptor, to be looked at; below 0 where sockets have none. */
  descriptor(): number {
    return this.port.native.descriptor(this.index, this.generation);
  }

  /** Lets go of a socket that lives on under a duplicate: nothing of it is ended, and a Unix listener's file stays. */
  handOver(): void {
    this.beginClose(CloseHow.HandOver);
  }

  /** Called by the port when the endpoint is gone. */
  finish(): void {
    this.life = 'gone'; // whatever was under way has ended with it
    this.referenced = false;
    this.updateHold();
    this.closed();
  }

  /**
   * Holds the loop as libuv would: while something has been asked for that ends by itself (a connection, a write, the
   * close), and while it is referenced and listens or receives. A stream that does neither lets the process end.
   */
  protected updateHold(): void {
    const holds =
      this.life !== 'gone' &&
      (this.life !== 'open' || this.hasPending() || (this.referenced && this.awaitsOthers()));
    if (holds === this.holdsLoop) return;
    this.holdsLoop = holds;
    if (holds) this.port.holdLoop();
    else this.port.letLoopGo();
  }

  protected beginClose(how: CloseHow): void {
    if (this.life !== 'open') return;
    this.life = how === CloseHow.HandOver ? 'handed over' : 'closing';
    this.updateHold();
    this.port.native.close(this.index, this.generation, how);
    this.closeOrder = this.port.awaitClosing();
  }

  protected setOption(option: Option, a: number, b = 0, c = 0, d = 0): number {
    return this.port.native.setOption(this.index, this.generation, option, a, b, c, d);
  }

  /** Whether an operation is under way that ends by itself. */
  protected abstract hasPending(): boolean;
  /** Whether the endpoint waits for what others do. */
  protected abstract awaitsOthers(): boolean;
  protected abstract closed(): void;
}

export class StreamEndpoint extends Endpoint {
  owner: StreamOwner = NOBODY;
  /** A named pipe or Unix socket: it has no addresses. */
  readonly pipe: boolean;
  // Memory that the native side sends from: kept alive until onSent or onClosed.
  private queuedMemory: Uint8Array | readonly Uint8Array[] | null = null;

  /** Called once, when everything queued has left or sending has failed. */
  whenSent: (() => void) | null = null;

  private connecting: boolean;
  /** Until it is stopped, fails or the peer ends: only then it holds the loop. */
  private receiving = false;
  private receiver: Receiver | null = null;
  private ownShutdown: Shutdown = 'no';
  private peerEnded = false;

  constructor(
    port: CompletionPort,
    index: number,
    generation: number,
    { pipe, connecting }: { pipe: boolean; connecting: boolean },
  ) {
    super(port, index, generation);
    this.pipe = pipe;
    this.connecting = connecting;
    this.updateHold();
  }

  /** What the system says to a second connect(): 0 or one of libuv's error numbers. */
  connectAgain(host: string, port: number, family: number): number {
    const kind = family === 0 ? EndpointKind.Pipe : EndpointKind.Tcp;
    return this.port.native.connectAgain(this.index, this.generation, kind, host, port, family);
  }

  isConnecting(): boolean {
    return this.connecting;
  }

  /** Receives chunks, or into the memory of `receiver`. */
  startReceiving(receiver: Receiver | null = null): void {
    if (this.peerEnded) return; // nothing comes, and nothing is to be waited for
    this.receiving = true;
    this.receiver = receiver;
    this.updateHold();
    const mode = receiver === null ? ReceiveMode.Chunks : ReceiveMode.Announced;
    this.port.submit(Operation.ReceiveStart, this, mode);
  }

  isReceiving(): boolean {
    return this.receiving;
  }

  stopReceiving(): void {
    this.receiving = false;
    this.updateHold();
    this.port.submit(Operation.ReceiveStop, this, 0);
  }

  /**
   * Sends what the kernel takes now and queues the rest by reference.
   * Returns the bytes taken at once; fewer than all: onSent follows. Below 0: one of libuv's error numbers.
   * `pieces`: how many the program wrote. Where libuv hands over only so many in a call, the rest of more waits for room.
   */
  send(bytes: Uint8Array | readonly Uint8Array[], length: number, pieces = 1): number {
    const sent = this.port.native.send(this.index, this.generation, bytes, pieces);
    if (sent >= 0 && sent < length) {
      // Hold all queued buffers until onSent, also those of sends that follow.
      this.queuedMemory =
        this.queuedMemory === null ? bytes : [...listOf(this.queuedMemory), ...listOf(bytes)];
      this.updateHold();
    }
    return sent;
  }

  /** The same for the first `length` bytes of the port's slab, which is free again at once. */
  sendSlab(length: number): number {
    const { slab, native } = this.port;
    slab.address(this.index, this.generation, length);
    native.sendSlab();
    const { sent } = slab;
    if (sent < 0 || sent === length) return sent;
    const rest = slab.slice(sent, length);
    const more = this.send(rest, rest.length);
    return more < 0 ? more : sent + more;
  }

  /** Bytes wait in the native queue; the owner's onSent follows. */
  get stalled(): boolean {
    return this.queuedMemory !== null;
  }

  /** What is left of the memory that the port still sends from. */
  unsent(): Uint8Array[] {
    const queued = this.queuedMemory === null ? [] : listOf(this.queuedMemory);
    let sent = -this.queuedBytes();
    for (const chunk of queued) sent += chunk.length;
    const left: Uint8Array[] = [];
    for (const chunk of queued) {
      if (sent < chunk.length) left.push(chunk.subarray(sent));
      sent = Math.max(0, sent - chunk.length);
    }
    return left;
  }

  // ---- from the port: what the completion ends, then the owner ----

  connected(status: number): void {
    this.connecting = false;
    this.updateHold();
    this.owner.onConnected(status);
  }

  /** `waiting` bytes are there (0: some): they are received into the memory that the user gets or is lent, a chunk at a time. */
  receivable(waiting: number): void {
    const { port } = this;
    const { native, lending } = port;
    for (let left = waiting || RECEIVABLE_BYTES_MAX; left > 0 && this.receiving && !this.isClosing(); ) {
      const { receiver } = this;
      const { borrower } = this.owner;
      const lengthMax = Math.min(left, RECEIVE_BYTES_MAX);
      const room = receiver === null && borrower !== null ? lending.room(lengthMax) : null;
      const into = room ?? (receiver === null ? Buffer.allocUnsafeSlow(lengthMax) : receiver.memory());
      if (into === null) return;
      const { length } = into;
      const received = native.receive(this.index, this.generation, into);
      if (received <= 0) {
        if (received === 0) this.ended();
        else if (received !== port.again) this.receiveFailed(received);
        return;
      }
      left -= received;
      if (room !== null) lending.lend(room.subarray(0, received), borrower as Borrower);
      else if (receiver !== null) receiver.onFilled(received);
      else this.owner.onReceived(received === length ? (into as Buffer) : copyOf(into.subarray(0, received)));
      if (received < length) return;
      if (receiver === null && left < LARGE_RECEIVE_BYTES_MIN) return; // cheaper from the arena
      runTicks(); // as between two completions
    }
  }

  ended(): void {
    this.peerEnded = true;
    this.receiving = false;
    this.updateHold();
    this.owner.onEnded();
  }

  receiveFailed(status: number): void {
    this.receiving = false;
    this.updateHold();
    this.owner.onReceiveFailed(status);
  }

  sent(status: number): void {
    // Stale: more was queued in this batch; a later completion follows.
    if (status === 0 && this.queuedBytes() > 0) return;
    this.queuedMemory = null;
    this.updateHold();
    this.owner.onSent(status);
    const { whenSent } = this;
    this.whenSent = null;
    whenSent?.();
  }

  shut(status: number): void {
    this.ownShutdown = 'over';
    this.updateHold();
    this.owner.onShut(status);
  }

  queuedBytes(): number {
    return this.port.native.queuedBytes(this.index, this.generation);
  }

  /** Once, and not before there is a connection. */
  canShutdown(): boolean {
    return !this.connecting && this.ownShutdown === 'no';
  }

  shutdown(): void {
    this.ownShutdown = 'under way';
    this.updateHold();
    this.port.submit(Operation.Shutdown, this, 0);
  }

  /** Closes with a reset (TCP RST): unsent bytes are dropped on both sides. */
  reset(): void {
    this.beginClose(CloseHow.Reset);
  }

  peerAddress(): NativeAddress | number {
    return this.port.native.peerAddress(this.index, this.generation);
  }

  setNoDelay(on: boolean): number {
    return this.setOption(Option.NoDelay, on ? 1 : 0);
  }

  /** Seconds; 0 leaves interval and count to the system's usual values. */
  setKeepAlive(on: boolean, idleSeconds: number, intervalSeconds = 0, count = 0): number {
    return this.setOption(Option.KeepAlive, on ? 1 : 0, idleSeconds, intervalSeconds, count);
  }

  setTypeOfService(value: number): number {
    return this.setOption(Option.TypeOfService, value);
  }

  protected hasPending(): boolean {
    return this.connecting || this.queuedMemory !== null || this.ownShutdown === 'under way';
  }

  protected awaitsOthers(): boolean {
    return this.receiving;
  }

  protected closed(): void {
    this.queuedMemory = null;
    this.owner.onClosed();
  }
}

const listOf = (bytes: Uint8Array | readonly Uint8Array[]) => (bytes instanceof Uint8Array ? [bytes] : bytes);
