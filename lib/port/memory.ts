// The memory that both sides see, but for the slab: the control block with its two rings, and the arena. Nobody but the
// port has a name for it: bytes reach their owner in memory of their own.
import { Buffer } from 'node:buffer';
import type { CounterName, PortMemory } from './addon.js';
import {
  COMPLETION_CAPACITY,
  COMPLETION_WORDS,
  COUNTER_NAMES,
  type Completion,
  CompletionField,
  Header,
  type Operation,
  RECORD_WORDS,
  SUBMISSION_CAPACITY,
  SUBMISSION_WORDS,
  SubmissionField,
} from './boundary.js';

/** In the place of the kind of a completion that was delivered. */
const CONSUMED = 0;
/** Up to here bytes are copied one by one: a view for a copy in one call costs more. */
const COPIED_SINGLY_BYTES_MAX = 64;

interface Name {
  readonly index: number;
  readonly generation: number;
}

export class SharedMemory {
  readonly #control: Int32Array;
  readonly #counters: Float64Array;
  readonly #arena: Uint8Array;
  readonly #arenaMemory: ArrayBufferLike;
  readonly #arenaStart: number;

  constructor({ control, counters, arena }: PortMemory) {
    this.#control = control;
    this.#counters = counters;
    this.#arena = arena;
    this.#arenaMemory = arena.buffer;
    this.#arenaStart = arena.byteOffset;
  }

  counters(): Record<CounterName, number> {
    const counters = {} as Record<CounterName, number>;
    COUNTER_NAMES.forEach((name, at) => {
      counters[name] = this.#counters[at] as number;
    });
    return counters;
  }

  /** A word of a direct call's answer. */
  reply(word: Header): number {
    return this.#control[word] as number;
  }

  // ---- submissions ----

  isFull(): boolean {
    const control = this.#control;
    const waiting = (control[Header.SubmissionTail] as number) - (control[Header.SubmissionHead] as number);
    return (waiting | 0) >= SUBMISSION_CAPACITY;
  }

  submit(operation: Operation, { index, generation }: Name, argument: number): void {
    const control = this.#control;
    const tail = control[Header.SubmissionTail] as number;
    const at = SUBMISSION_WORDS + (tail & (SUBMISSION_CAPACITY - 1)) * RECORD_WORDS;
    control[at + SubmissionField.Operation] = operation;
    control[at + SubmissionField.Index] = index;
    control[at + SubmissionField.Generation] = generation;
    control[at + SubmissionField.Argument] = argument;
    control[Header.SubmissionTail] = (tail + 1) | 0;
  }

  // ---- completions: a record goes by the place of its first word ----

  /** The next record that was not taken; undefined when there is none. */
  next(): number | undefined {
    const control = this.#control;
    const head = control[Header.CompletionHead] as number;
    return head === control[Header.CompletionTail] ? undefined : recordAt(head);
  }

  /** Takes the record that `next` gave. */
  take(): void {
    const control = this.#control;
    control[Header.CompletionHead] = ((control[Header.CompletionHead] as number) + 1) | 0;
  }

  /** All records that were not taken, as they are now. */
  *records(): Iterable<number> {
    const control = this.#control;
    const tail = control[Header.CompletionTail] as number;
    for (let head = control[Header.CompletionHead] as number; head !== tail; head = (head + 1) | 0) {
      yield recordAt(head);
    }
  }

  kind(record: number): Completion {
    return this.#control[record + CompletionField.Kind] as Completion;
  }

  field(record: number, field: CompletionField): number {
    return this.#control[record + field] as number;
  }

  /** Nobody is given the record again. */
  consume(record: number): void {
    this.#control[record + CompletionField.Kind] = CONSUMED;
  }

  isConsumed(record: number): boolean {
    return this.#control[record + CompletionField.Kind] === CONSUMED;
  }

  /** The bytes of a record, in memory of their own: the arena is used again at once. */
  received(record: number): Buffer {
    const offset = this.#control[record + CompletionField.Offset] as number;
    const length = this.#control[record + CompletionField.Length] as number;
    const chunk = Buffer.allocUnsafeSlow(length);
    if (length <= COPIED_SINGLY_BYTES_MAX) {
      const arena = this.#arena;
      for (let i = 0; i < length; i++) chunk[i] = arena[offset + i] as number;
    } else {
      chunk.set(this.#inArena(offset, length));
    }
    return chunk;
  }

  /** Copies the bytes of a record, which are as many. */
  copyReceived(record: number, into: Uint8Array): void {
    into.set(this.#inArena(this.#control[record + CompletionField.Offset] as number, into.length));
  }

  #inArena(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#arenaMemory, this.#arenaStart + offset, length);
  }
}

const recordAt = (position: number) =>
  COMPLETION_WORDS + (position & (COMPLETION_CAPACITY - 1)) * RECORD_WORDS;
