// Defects of JavaScript's half and the port under it, which random connections over the simulated kernel
// have to find: each is made in a copy of the sources, never here.
export const FACADE_MUTATIONS = [
  {
    name: 'what a short send of the slab has left begins at its start',
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
    edits: [
      {
        file: 'lib/port/endpoint.ts',
        find: 'received === length ? (into as Buffer) : exactly(into, received)',
        replace: 'into as Buffer',
      },
    ],
  },
  {
    name: 'a write that waits is not called back when its socket closes',
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
    edits: [
      {
        file: 'addon/port/engine_ready.cc',
        find: '      Enqueue(endpoint, result.rest == Transfer::Rest::kEnd ? &later_ : &ready_);\n',
        replace: '',
      },
    ],
  },
];
