// What JavaScript holds of an endpoint: a listener, or one end of a stream. It knows no streams of Node's.
import { Buffer } from 'node:buffer';
import type { NativeAddress } from './addon.js';
import type { CompletionPort } from './port.js';
import { runTicks } from './ticks.js';

/** What the owner of a stream is told. Every call comes from the dispatch of a batch, never from inside a submission. */
export interface StreamOwner {
  /** The connection stands (0), or has failed with one of libuv's error numbers. */
  onConnected(status: number): void;
  /** `length` bytes at `offset` of the arena, which are overwritten after the batch: copy what is kept. */
  onReceived(arena: Buffer, offset: number, length: number): void;
  /** A large chunk, in memory of its own. */
  onReceivedChunk(chunk: Buffer): void;
  /** The peer has ended its direction. */
  onEnded(): void;
  onReceiveFailed(status: number): void;
  /** Everything queued has left (0), or sending has failed. */
  onSent(status: number): void;
  onShut(status: number): void;
  /** Nothing of the endpoint is left; the last call. */
  onClosed(): void;
}

export interface ListenerOwner {
  onAccepted(endpoint: StreamEndpoint): void;
  /** Accepting has paused, and goes on by itself a little later. */
  onAcceptFailed(status: number): void;
  onClosed(): void;
}

const nothing = () => {};
/** Owner of an endpoint that nobody has taken: what comes is dropped. */
const NOBODY: StreamOwner = {
  onConnected: nothing,
  onReceived: nothing,
  onReceivedChunk: nothing,
  onEnded: nothing,
  onReceiveFailed: nothing,
  onSent: nothing,
  onShut: nothing,
  onClosed: nothing,
};

/** Pause of a listener that could not accept for want of descriptors or memory. */
const ACCEPT_RETRY_MS = 100;

/** Bytes of one endpoint that are taken in one batch without asking the kernel. */
const PROMISED_BYTES_MAX = 16 * 1024;

export abstract class Endpoint {
  readonly port: CompletionPort;
  readonly index: number;
  readonly generation: number;
  protected closing = false;
  private referenced = true;
  private retained = false;
  private gone = false;

  constructor(port: CompletionPort, index: number, generation: number) {
    this.port = port;
    this.index = index;
    this.generation = generation;
  }

  ref(): void {
    this.referenced = true;
    this.retain();
  }

  unref(): void {
    this.referenced = false;
    this.retain();
  }

  isClosing(): boolean {
    return this.closing;
  }

  hasRef(): boolean {
    return this.referenced;
  }

  close(): void {
    this.beginClose(this.port.layout.closeGraceful);
  }

  localAddress(): NativeAddress | number {
    return this.port.native.localAddress(this.index, this.generation);
  }

  /** A further descriptor of the same socket, for the caller to close; below 0 one of libuv's error numbers. */
  duplicate(): number {
    this.port.flush(); // the native call does, and a later write must not extend a record that it has taken
    return this.port.native.duplicate(this.index, this.generation);
  }

  /** Lets go of a socket that lives on under a duplicate: nothing of it is ended, and a Unix listener's file stays. */
  handOver(): void {
    this.beginClose(this.port.layout.closeHandOver);
  }

  /** Called by the port when the endpoint is gone. */
  finish(): void {
    this.closing = false;
    this.referenced = false;
    this.gone = true; // whatever was under way has ended with it
    this.retain();
    this.closed();
  }

  /**
   * Holds the loop as libuv would: while something has been asked for that ends by itself (a connection, a write, the
   * close), and while it is referenced and listens or receives. A stream that does neither lets the process end.
   */
  protected retain(): void {
    const retain = !this.gone && (this.closing || this.pending() || (this.referenced && this.open()));
    if (retain === this.retained) return;
    this.retained = retain;
    if (retain) this.port.retain();
    else this.port.release();
  }

  protected beginClose(how: number): void {
    if (this.closing) return;
    this.closing = true;
    this.retain();
    this.port.submit(this.port.layout.close, this, how, 0);
  }

  protected setOption(option: number, a: number, b = 0, c = 0, d = 0): number {
    return this.port.native.setOption(this.index, this.generation, option, a, b, c, d);
  }

  /** Whether an operation is under way that ends by itself. */
  protected abstract pending(): boolean;
  /** Whether the endpoint waits for what others do. */
  protected abstract open(): boolean;
  protected abstract closed(): void;
}

export class StreamEndpoint extends Endpoint {
  owner: StreamOwner = NOBODY;
  /** A named pipe or Unix socket: it has no addresses. */
  readonly pipe: boolean;
  /** Bytes wait in the native queue; the owner's onSent follows. */
  stalled = false;
  // Memory that the native side sends from: kept alive until onSent or onClosed.
  held: Uint8Array | readonly Uint8Array[] | null = null;

  /** The peer has reset the connection. */
  broken = false;
  private promised = 0;
  private promisedIn = 0;
  private connecting: boolean;
  private receiving = false;
  private shutting = false;

  constructor(port: CompletionPort, index: number, generation: number, pipe: boolean, connecting: boolean) {
    super(port, index, generation);
    this.pipe = pipe;
    this.connecting = connecting;
    this.retain();
  }

  /** What the system says to a second connect(): 0 or one of libuv's error numbers. */
  connectAgain(host: string, port: number, family: number): number {
    const { layout, native } = this.port;
    const kind = family === 0 ? layout.kindPipe : layout.kindTcp;
    return native.connectAgain(this.index, this.generation, kind, host, port, family);
  }

  isConnecting(): boolean {
    return this.connecting;
  }

  /** `readThrough`: the owner keeps nothing of what comes, so large chunks need no memory of their own either. */
  startReceiving(readThrough = false): void {
    this.receiving = true;
    this.retain();
    this.port.submit(this.port.layout.receiveStart, this, readThrough ? 1 : 0, 0);
  }

  stopReceiving(): void {
    this.receiving = false;
    this.retain();
    this.port.submit(this.port.layout.receiveStop, this, 0, 0);
  }

  /**
   * Whether a small write may be taken before the kernel has it. Not while stalled; and only so much at a time, since
   * within a batch nobody has been told yet whether the kernel still takes anything.
   */
  takes(bytes: number): boolean {
    // Outside of a batch the kernel can be asked at once, and after a reset it knows better.
    if (this.stalled || this.broken || !this.port.dispatching) return false;
    if (this.promisedIn !== this.port.batch) {
      this.promisedIn = this.port.batch;
      this.promised = 0;
    }
    this.promised += bytes;
    return this.promised <= PROMISED_BYTES_MAX;
  }

  /** Copies a small write; it leaves with the batch. Only what `takes` allowed. */
  sendSmall(bytes: Uint8Array): void {
    const offset = this.port.reserve(bytes.length);
    this.port.slabBuffer().set(bytes, offset);
    this.port.submitSlab(this, bytes.length);
  }

  /** Encodes a short string straight into the slab; returns its bytes. */
  sendString(text: string, encoding: BufferEncoding, bytesMax: number): number {
    const offset = this.port.reserve(bytesMax);
    const length = this.port.slabBuffer().write(text, offset, bytesMax, encoding);
    if (length > 0) this.port.submitSlab(this, length);
    return length;
  }

  /**
   * Sends what the kernel takes now and queues the rest by reference.
   * Returns the bytes taken at once; fewer than all: onSent follows. Below 0: one of libuv's error numbers.
   */
  send(bytes: Uint8Array | readonly Uint8Array[], length: number): number {
    const sent = this.port.send(this, bytes);
    if (sent >= 0 && sent < length) {
      this.held = bytes;
      this.stall();
    }
    return sent;
  }

  // ---- from the port: what the completion ends, then the owner ----

  connected(status: number): void {
    this.connecting = false;
    this.retain();
    this.owner.onConnected(status);
  }

  /** `waiting` bytes are there: they are received into the memory that the user gets, a chunk at a time. */
  receivable(waiting: number): void {
    const { port } = this;
    const { receiveBytesMax, largeReceiveBytesMin } = port.layout;
    for (let left = waiting; this.receiving && !this.closing; ) {
      const length = Math.min(left, receiveBytesMax);
      const chunk = Buffer.allocUnsafeSlow(length);
      const received = port.native.receive(this.index, this.generation, chunk);
      if (received !== length) {
        if (received > 0) this.owner.onReceived(chunk, 0, received);
        else if (received === 0) this.ended();
        else if (received !== port.layout.again) this.receiveFailed(received);
        return;
      }
      this.owner.onReceivedChunk(chunk);
      left -= length;
      if (left < largeReceiveBytesMin) return; // the native side comes back to it
      runTicks(); // as between two completions
    }
  }

  /** Fills the chunk from the arena, while the owner hears of what is there. */
  copyReceived(chunk: Uint8Array, offset: number): void {
    chunk.set(this.port.received(offset, chunk.length));
  }

  ended(): void {
    this.receiving = false;
    this.retain();
    this.owner.onEnded();
  }

  receiveFailed(status: number): void {
    this.receiving = false;
    this.retain();
    this.owner.onReceiveFailed(status);
  }

  stall(): void {
    this.stalled = true;
    this.retain();
  }

  sent(status: number): void {
    // Told of an earlier queue: since then this batch has sent once more and left bytes behind. Another one follows.
    if (status === 0 && this.held !== null && this.queuedBytes() > 0) return;
    this.stalled = false;
    this.held = null;
    this.retain();
    this.owner.onSent(status);
  }

  shut(status: number): void {
    this.shutting = false;
    this.retain();
    this.owner.onShut(status);
  }

  queuedBytes(): number {
    return this.port.native.queuedBytes(this.index, this.generation);
  }

  /** What is left of the memory that the port still sends from; null when it has to send copies of its own as well. */
  unsent(): Uint8Array[] | null {
    const held = this.held === null ? [] : this.held instanceof Uint8Array ? [this.held] : this.held;
    let sent = -this.queuedBytes();
    for (const chunk of held) sent += chunk.length;
    if (sent < 0) return null;
    const left: Uint8Array[] = [];
    for (const chunk of held) {
      if (sent < chunk.length) left.push(chunk.subarray(sent));
      sent = Math.max(0, sent - chunk.length);
    }
    return left;
  }

  shutdown(): void {
    this.shutting = true;
    this.retain();
    this.port.submit(this.port.layout.shutdown, this, 0, 0);
  }

  /** Closes with a reset (TCP RST): unsent bytes are dropped on both sides. */
  reset(): void {
    this.beginClose(this.port.layout.closeReset);
  }

  peerAddress(): NativeAddress | number {
    return this.port.native.peerAddress(this.index, this.generation);
  }

  setNoDelay(on: boolean): number {
    return this.setOption(this.port.layout.optionNoDelay, on ? 1 : 0);
  }

  /** Seconds; 0 leaves interval and count to the system's usual values. */
  setKeepAlive(on: boolean, idleSeconds: number, intervalSeconds = 0, count = 0): number {
    return this.setOption(this.port.layout.optionKeepAlive, on ? 1 : 0, idleSeconds, intervalSeconds, count);
  }

  setTypeOfService(value: number): number {
    return this.setOption(this.port.layout.optionTypeOfService, value);
  }

  protected pending(): boolean {
    return this.connecting || this.stalled || this.shutting;
  }

  protected open(): boolean {
    return this.receiving;
  }

  protected closed(): void {
    this.held = null;
    this.owner.onClosed();
  }
}

export class ListeningEndpoint extends Endpoint {
  readonly pipe: boolean;
  readonly owner: ListenerOwner;

  constructor(port: CompletionPort, index: number, generation: number, pipe: boolean, owner: ListenerOwner) {
    super(port, index, generation);
    this.pipe = pipe;
    this.owner = owner;
    this.retain();
  }

  /** Lets other users than the owner of the process open the pipe; `add` keeps what they may do already. */
  setPipeMode(readableAll: boolean, writableAll: boolean, add: boolean): number {
    return this.setOption(
      this.port.layout.optionPipeMode,
      readableAll ? 1 : 0,
      writableAll ? 1 : 0,
      add ? 1 : 0,
    );
  }

  onAcceptFailed(status: number): void {
    const retry = setTimeout(() => {
      if (!this.closing) this.port.submit(this.port.layout.acceptStart, this, 0, 0);
    }, ACCEPT_RETRY_MS);
    retry.unref();
    this.owner.onAcceptFailed(status);
  }

  protected pending(): boolean {
    return false;
  }

  protected open(): boolean {
    return true;
  }

  protected closed(): void {
    this.owner.onClosed();
  }
}
