'use strict';
// The boundary between JavaScript and the port, without a kernel in the figure.
const path = require('node:path');
const { measure } = require('./measure.cjs');

const DIST = path.join(__dirname, '..', '..', 'dist');
const { loadAddon } = require(path.join(DIST, 'port', 'addon.js'));
const { CompletionPort } = require(path.join(DIST, 'port', 'port.js'));
const { port } = require(path.join(DIST, 'net', 'engine-port.js'));

const CHUNK_BYTES = 64;
const COMPLETIONS = 512;

/** A port whose native half is JavaScript that does nothing: what is left is the cost of our own side. */
function hollowPort() {
  const { name, layout } = loadAddon();
  const control = new Int32Array(layout.completionWords + layout.completionCapacity * layout.recordWords);
  let dispatch;
  const native = {
    memory: {
      control,
      counters: new Float64Array(Object.keys(layout.counters).length),
      slab: new Uint8Array(layout.slabBytes),
      arena: new Uint8Array(layout.arenaBytes),
    },
    connect() {
      control[layout.replyIndex] = 1;
      control[layout.replyGeneration] = 1;
      return 0;
    },
    flush() {
      control[layout.submissionHead] = control[layout.submissionTail];
      control[layout.slabUsed] = 0;
    },
    send: (_index, _generation, bytes) => bytes.length,
    reference() {},
  };
  const hollow = CompletionPort.open({
    name,
    layout,
    open(callback) {
      dispatch = callback;
      return native;
    },
  });
  return { hollow, layout, control, dispatch: () => dispatch() };
}

function owner(onReceived) {
  const nothing = () => {};
  return {
    onConnected: nothing,
    onReceived,
    onReceivedChunk: nothing,
    onEnded: nothing,
    onReceiveFailed: nothing,
    onSent: nothing,
    onShut: nothing,
    onClosed: nothing,
  };
}

function postReceived({ layout, control }, count) {
  for (let i = 0; i < count; i++) {
    const tail = control[layout.completionTail];
    const at = layout.completionWords + (tail & (layout.completionCapacity - 1)) * layout.recordWords;
    control[at] = layout.received;
    control[at + 1] = 1;
    control[at + 2] = 1;
    control[at + 3] = 0;
    control[at + 4] = (i % 1024) * CHUNK_BYTES;
    control[at + 5] = CHUNK_BYTES;
    control[layout.completionTail] = (tail + 1) | 0;
  }
}

function dispatchTo(onReceived) {
  const parts = hollowPort();
  parts.hollow.connect({ host: '', port: 0, family: 4 }, owner(onReceived));
  return (times) => {
    for (let i = 0; i < times; i++) {
      postReceived(parts, COMPLETIONS);
      parts.dispatch();
    }
    return times * COMPLETIONS;
  };
}

/** What the owners have seen, so that no compiler finds their work useless. */
const seen = { bytes: 0 };

exports.rows = () => {
  const { native } = port();
  const { hollow } = hollowPort();
  const endpoint = hollow.connect(
    { host: '', port: 0, family: 4 },
    owner(() => {}),
  );
  const slab = hollow.slabBuffer();
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
      title: 'one completion, dispatched to an owner that does nothing',
      ...measure(
        dispatchTo((_arena, _offset, length) => {
          seen.bytes += length;
        }),
      ),
    },
    {
      title: 'one completion whose 64 B are copied into a Buffer',
      ...measure(
        dispatchTo((arena, offset, length) => {
          seen.bytes += Buffer.copyBytesFrom(arena, offset, length).length;
        }),
      ),
    },
    {
      title: 'one small write: 64 B into the slab, and its submission',
      ...measure((times) => {
        for (let i = 0; i < times; i++) {
          const at = hollow.reserve(CHUNK_BYTES);
          slab.set(message, at);
          hollow.submitSlab(endpoint, CHUNK_BYTES);
        }
        return times;
      }),
    },
  ];
};
