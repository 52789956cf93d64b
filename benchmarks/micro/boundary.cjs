'use strict';
// The boundary between JavaScript and the port, without a kernel in the figure.
const fs = require('node:fs');
const path = require('node:path');
const { measure } = require('./measure.cjs');

const ROOT = path.join(__dirname, '..', '..');
const DIST = path.join(ROOT, 'dist');
const boundary = require(path.join(DIST, 'port', 'boundary.js'));
const { CompletionPort } = require(path.join(DIST, 'port', 'port.js'));
const { port } = require(path.join(DIST, 'net', 'engine-port.js'));

const CHUNK_BYTES = 64;
const COMPLETIONS = 512;

/** The numbers of an enum of the boundary: the compiler has put them in place of its names. */
function enumOf(name) {
  const source = fs.readFileSync(path.join(ROOT, 'lib', 'port', 'boundary.ts'), 'utf8');
  const [, body] = new RegExp(`const enum ${name} {([^}]*)}`).exec(source);
  return Object.fromEntries(
    [...body.matchAll(/(\w+) = (\d+)/g)].map(([, key, value]) => [key, Number(value)]),
  );
}

const Header = enumOf('Header');
const Completion = enumOf('Completion');
const Field = enumOf('CompletionField');

/** A port whose native half is JavaScript that does nothing: what is left is the cost of our own side. */
function hollowPort() {
  const control = new Int32Array(boundary.CONTROL_WORDS);
  let dispatch;
  const native = {
    memory: {
      control,
      counters: new Float64Array(boundary.COUNTER_NAMES.length),
      slab: new Uint8Array(boundary.SLAB_BYTES),
      arena: new Uint8Array(boundary.ARENA_BYTES),
    },
    connect() {
      control[Header.ReplyIndex] = 1;
      control[Header.ReplyGeneration] = 1;
      return 0;
    },
    flush() {
      control[Header.SubmissionHead] = control[Header.SubmissionTail];
    },
    sendSlab() {
      control[Header.SlabSent] = control[Header.SlabLength];
    },
    reference() {},
  };
  const hollow = CompletionPort.open({
    name: 'epoll',
    boundary: boundary.BOUNDARY_ID,
    again: -11,
    pipeNameBytesMax: 0,
    open(callback) {
      dispatch = callback;
      return native;
    },
    features: () => ({}),
  });
  return { hollow, control, dispatch: () => dispatch() };
}

/** An endpoint of a port that is hollow. */
function connect(hollow, onReceived = () => {}) {
  const nothing = () => {};
  const endpoint = hollow.connect({ host: '', port: 0, family: 4 });
  endpoint.owner = {
    onConnected: nothing,
    onReceived,
    borrower: null,
    onEnded: nothing,
    onReceiveFailed: nothing,
    onSent: nothing,
    onShut: nothing,
    onClosed: nothing,
  };
  return endpoint;
}

function postReceived(control, count) {
  for (let i = 0; i < count; i++) {
    const tail = control[Header.CompletionTail];
    const at =
      boundary.COMPLETION_WORDS + (tail & (boundary.COMPLETION_CAPACITY - 1)) * boundary.RECORD_WORDS;
    control[at + Field.Kind] = Completion.Received;
    control[at + Field.Index] = 1;
    control[at + Field.Generation] = 1;
    control[at + Field.Status] = 0;
    control[at + Field.Offset] = (i % 1024) * CHUNK_BYTES;
    control[at + Field.Length] = CHUNK_BYTES;
    control[Header.CompletionTail] = (tail + 1) | 0;
  }
}

function dispatchTo(onReceived) {
  const { hollow, control, dispatch } = hollowPort();
  connect(hollow, onReceived);
  return (times) => {
    for (let i = 0; i < times; i++) {
      postReceived(control, COMPLETIONS);
      while (!dispatch());
    }
    return times * COMPLETIONS;
  };
}

/** What the owners have seen, so that no compiler finds their work useless. */
const seen = { bytes: 0 };

exports.rows = () => {
  const { native } = port();
  const { hollow } = hollowPort();
  const endpoint = connect(hollow);
  const message = Buffer.alloc(CHUNK_BYTES, 1);
  return [
    {
      title: 'one call into the addon (flush of nothing)',
      ...measure((times) => {
        for (let i = 0; i < times; i++) native.flush();
        return times;
      }),
    },
    {
      title: 'one completion of 64 B, in a Buffer of its own',
      ...measure(
        dispatchTo((chunk) => {
          seen.bytes += chunk.length;
        }),
      ),
    },
    {
      title: 'one small write: 64 B into the slab, and sent from there',
      ...measure((times) => {
        for (let i = 0; i < times; i++) endpoint.sendSlab(hollow.copy(message, 0));
        return times;
      }),
    },
  ];
};
