// Defects of JavaScript's half and the port under it, which random connections over the simulated kernel
// have to find: each is made in a copy of the sources, never here. `broken`: the promises that it may break; what fails
// otherwise is not this defect.
const BYTES = [
  /bytes \d+ to \d+ are not those of/,
  /bytes of \d+, the peer is/,
  /\d+ bytes, \d+ were written/,
];
const MISSING = [/an end after \d+ of \d+ bytes/, /the end of the world not reached/];

export const FACADE_MUTATIONS = [
  {
    name: 'what a short send of the slab has left begins at its start',
    broken: BYTES,
    edits: [
      {
        file: 'lib/port/endpoint.ts',
        find: 'slab.slice(sent, length)',
        replace: 'slab.slice(0, length)',
      },
    ],
  },
  {
    name: 'a chunk is as long as the memory that it was received into',
    broken: BYTES,
    edits: [
      {
        file: 'lib/port/endpoint.ts',
        find: 'received === length ? (into as Buffer) : copyOf(into.subarray(0, received))',
        replace: 'into as Buffer',
      },
    ],
  },
  {
    name: 'a write that waits is not called back when its socket closes',
    broken: [/\d+ callbacks of \d+ writes/],
    edits: [
      {
        file: 'lib/net/connection/connection.ts',
        find: "asCallOfItsOwn(() => write(canceledWriteFails ? errnoException(ECANCELED, 'write') : null));",
        replace: 'asCallOfItsOwn(() => {});',
      },
    ],
  },
  {
    name: 'a connection that a closed listener has accepted is forgotten',
    broken: [...MISSING, /the close of every endpoint not reached/],
    edits: [
      {
        file: 'lib/port/port.ts',
        find: 'if (endpoint.isClosing() && !endpoint.isHandedOver()) accepted.reset();',
        replace: 'if (endpoint.isClosing() && !endpoint.isHandedOver()) return;',
      },
    ],
  },
  {
    name: 'a listener that was out of memory does not accept again',
    broken: MISSING,
    edits: [
      {
        file: 'lib/port/listening-endpoint.ts',
        find: 'if (!this.isClosing()) this.port.submit(Operation.AcceptStart, this, 0);',
        replace: '',
      },
    ],
  },
  {
    name: 'a receive that left bytes is not tried again',
    broken: MISSING,
    edits: [
      {
        file: 'addon/port/engine_ready.cc',
        find: '      Enqueue(endpoint, result.rest == Transfer::Rest::kEnd ? &later_ : &ready_);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a chunk is a view of the arena',
    broken: BYTES,
    edits: [
      {
        file: 'lib/port/memory.ts',
        find: 'const chunk = Buffer.allocUnsafeSlow(length);',
        replace:
          'const chunk = Buffer.from(this.#arenaMemory as ArrayBuffer, this.#arenaStart + offset, length);',
      },
    ],
  },
  {
    name: 'a tick that throws takes the rest of the batch along',
    broken: [...BYTES, ...MISSING],
    edits: [
      {
        file: 'lib/port/port.ts',
        find: 'this.native.uncaught(error);',
        replace: `while (this.#memory.next() !== undefined) this.#memory.take();
          this.native.uncaught(error);`,
      },
    ],
  },
];
