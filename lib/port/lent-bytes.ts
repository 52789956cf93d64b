// Bytes that are lent for the length of a call: for code that keeps none of them, and so needs no memory of its own.
import { Buffer } from 'node:buffer';
import { RECEIVE_BYTES_MAX } from './boundary.js';

/** Keeps nothing of the bytes that it is lent. */
export interface Borrower {
  onLent(bytes: LentBytes): void;
}

/** Of one stream. Their memory is the next stream's as soon as the call that they came with is over. */
export class LentBytes {
  readonly length: number;
  #bytes: Uint8Array | null;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.#bytes = bytes;
  }

  /** To be read at once: nothing here can stop who keeps this view, or looks at the rest of its memory. */
  get bytes(): Uint8Array {
    if (this.#bytes === null) throw new RangeError('iocp-net: lent bytes were asked for after their call');
    return this.#bytes;
  }

  /** For whoever keeps them after all. */
  copy(): Buffer {
    return copyOf(this.bytes);
  }

  /** The call is over. */
  end(): void {
    this.#bytes = null;
  }
}

/** Where bytes are put that are lent: one loan at a time. Not in the arena: a handler that turns the loop has that used again. */
export class Lending {
  #memory: ArrayBuffer | null = null;
  #lends = false;

  /** Memory for at most `length` bytes of one stream; null while another's are lent: a handler turns the loop. */
  room(length: number): Uint8Array | null {
    if (this.#lends) return null;
    this.#memory ??= new ArrayBuffer(RECEIVE_BYTES_MAX);
    return new Uint8Array(this.#memory, 0, length);
  }

  /** Lends what was put into the room. */
  lend(bytes: Uint8Array, borrower: Borrower): void {
    const lent = new LentBytes(bytes);
    this.#lends = true;
    try {
      borrower.onLent(lent);
    } finally {
      lent.end();
      this.#lends = false;
    }
  }
}

/** In memory that nothing else shares. */
export function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
