// Sockets and servers that move to another thread: postMessage(value, [socket]), in Node from 24.21 on. What travels is a
// handle of libuv's; node:net's own methods make the message, for a stand-in that holds that handle.
import util = require('node:util');

import { builtin } from '../../node/builtin.js';
import { define, defineAll } from '../../node/define.js';
import { setImmediate } from '../../port/clock.js';

export type Method = (this: never, ...args: never[]) => unknown;
export type Call = (this: unknown, ...args: unknown[]) => unknown;
export type Methods = Record<symbol, Method>;
export type Calls = Record<symbol, Call>;

export interface Symbols {
  list: symbol;
  transfer: symbol;
  deserialize: symbol;
}

/** node:net's methods as they were at load: install() replaces those of its servers. */
function methodsOf(prototype: object): Calls {
  const methods = Object.create(null) as Calls;
  for (const symbol of Object.getOwnPropertySymbols(prototype)) {
    methods[symbol] = (prototype as Calls)[symbol] as Call;
  }
  return methods;
}
export const theirSocket = methodsOf(builtin.Socket.prototype);
export const theirServer = methodsOf(builtin.Server.prototype);

function findSymbols(): Symbols | undefined {
  const named = (name: string) =>
    Object.getOwnPropertySymbols(builtin.Server.prototype).find(
      (symbol) => symbol.description === name && typeof theirSocket[symbol] === 'function',
    );
  const list = named('messaging_transfer_list_symbol');
  const transfer = named('messaging_transfer_symbol');
  const deserialize = named('messaging_deserialize_symbol');
  return list && transfer && deserialize && { list, transfer, deserialize };
}

export const symbols = findSymbols();

// ---- the mark by which postMessage() knows what can be transferred ----

/** A value that a signal has under a symbol, which the marker looks for. */
export const kAborted = Object.getOwnPropertySymbols(new AbortController().signal).find(
  ({ description }) => description === 'kAborted',
);
const STOP = Symbol('stop');
/** node:net's constructor marks its object first, then looks at this option. */
const MARK_ONLY = {
  get objectMode(): boolean {
    throw STOP;
  },
};

const markers: ((socket: object) => void)[] = [
  util.transferableAbortSignal as unknown as (socket: object) => void,
  (socket) => {
    try {
      (builtin.Socket as unknown as Call).call(socket, MARK_ONLY);
    } catch (error) {
      if (error !== STOP) throw error;
    }
  },
];

/** Whether an object that was so marked is asked for what it would transfer. */
function marks(mark: (socket: object) => void): boolean {
  let asked = false;
  const probe = Object.create(builtin.Socket.prototype) as Methods;
  if (kAborted !== undefined) define(probe, kAborted, { value: false });
  define(probe, (symbols as Symbols).list, {
    value: () => {
      asked = true;
      return [];
    },
  });
  try {
    mark(probe);
    structuredClone(probe, { transfer: [probe as unknown as ArrayBuffer] });
  } catch {
    // Refused in any case: a probe has nothing to transfer.
  }
  return asked;
}

/** Marks a socket as one that can move to another thread; undefined where sockets cannot. */
export const markTransferable = symbols && markers.find(marks);

/** Stand-ins that postMessage() has been given the handles of. */
export const standIns = new WeakMap<object, { standIn: object; close(): void }>();

export function keepStandIn(object: object, standIn: object, close: () => void): void {
  const entry = { standIn, close };
  standIns.set(object, entry);
  // Not taken: the message could not be sent.
  setImmediate(() => {
    if (standIns.get(object) !== entry) return;
    standIns.delete(object);
    close();
  });
}

/** With the names, lengths and flags that node:net's have. */
export function descriptorsOf(methods: Methods, theirs: Calls): PropertyDescriptorMap {
  const all: PropertyDescriptorMap & Record<symbol, PropertyDescriptor> = {};
  for (const key of Object.getOwnPropertySymbols(methods)) {
    const { name, length } = theirs[key] as Call;
    const value = methods[key] as Method;
    defineAll(value, { name: { value: name }, length: { value: length } });
    all[key] = { value, enumerable: true, writable: true, configurable: true };
  }
  return all;
}
