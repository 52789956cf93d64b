// The slab: memory in which a small write is put together, to be sent by one call.
import { Buffer } from 'node:buffer';
import type { PortMemory } from './addon.js';
import { Header } from './boundary.js';

export class Slab {
  readonly #bytes: Buffer;
  readonly #control: Int32Array;

  constructor({ control, slab }: PortMemory) {
    this.#bytes = Buffer.from(slab.buffer, slab.byteOffset, slab.byteLength);
    this.#control = control;
  }

  /** Encodes a string after the first `at` bytes; returns where it ends. */
  encode(text: string, encoding: BufferEncoding, at: number): number {
    return at + this.#bytes.write(text, at, encoding);
  }

  /** The same for bytes. Memory that was transferred away is empty, and cannot be copied from. */
  copy(bytes: Uint8Array, at: number): number {
    if (bytes.length > 0) this.#bytes.set(bytes, at);
    return at + bytes.length;
  }

  /** The arguments of NativePort.sendSlab: the first `length` bytes are sent. */
  address(index: number, generation: number, length: number): void {
    const control = this.#control;
    control[Header.SlabIndex] = index;
    control[Header.SlabGeneration] = generation;
    control[Header.SlabLength] = length;
  }

  /** Its answer: bytes that the system has taken, or a status. */
  get sent(): number {
    return this.#control[Header.SlabSent] as number;
  }

  /** A copy of what is there from `start` to `end`. */
  slice(start: number, end: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, start, end);
  }
}
