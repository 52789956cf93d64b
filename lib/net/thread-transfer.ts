// Sockets and servers that move to another thread: postMessage(value, [socket]), in Node from 24.21 on. What travels is a
// handle of libuv's; node:net's own methods make the message, for a stand-in that holds that handle.
import util = require('node:util');

import type { ServerState } from './accept.js';
import { builtin } from './builtin.js';
import { debug } from './debug.js';
import { define, defineAll } from './define.js';
import { port } from './engine-port.js';
import { adoptHandle, type LibuvHandle, noteReceived } from './libuv-handles.js';
import { ListenerHandle } from './listener-handle.js';
import { kEndpoint, kHandle, kReading, type ThisSocket } from './state.js';

type Method = (this: never, ...args: never[]) => unknown;
type Call = (this: unknown, ...args: unknown[]) => unknown;
type Methods = Record<symbol, Method>;
type Calls = Record<symbol, Call>;

interface Symbols {
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
const theirSocket = methodsOf(builtin.Socket.prototype);
const theirServer = methodsOf(builtin.Server.prototype);

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

const symbols = findSymbols();

// ---- the mark by which postMessage() knows what can be transferred ----

/** A value that a signal has under a symbol, which the marker looks for. */
const kAborted = Object.getOwnPropertySymbols(new AbortController().signal).find(
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

// ---- sockets ----

/** Stand-ins that postMessage() has been given the handles of. */
const standIns = new WeakMap<object, { standIn: object; close(): void }>();

function keepStandIn(object: object, standIn: object, close: () => void): void {
  const entry = { standIn, close };
  standIns.set(object, entry);
  // Not taken: the message could not be sent.
  setImmediate(() => {
    if (standIns.get(object) !== entry) return;
    standIns.delete(object);
    close();
  });
}

/** As node:net has it: a TCP connection of which nothing has been read or written. */
function isUntouched(socket: ThisSocket): boolean {
  const endpoint = socket[kEndpoint];
  return (
    endpoint != null &&
    !endpoint.pipe &&
    !socket.destroyed &&
    !socket.connecting &&
    socket.bytesRead === 0 &&
    socket.bytesWritten === 0 &&
    socket.readableLength === 0 &&
    socket.writableLength === 0 &&
    socket.readableEncoding == null &&
    !port().hasReceived(endpoint)
  );
}

/** A socket of node:net's over a duplicate of the descriptor; one without a handle where it cannot move. */
function standInFor(socket: ThisSocket): object {
  const descriptor = isUntouched(socket) ? (socket[kEndpoint]?.duplicate() ?? -1) : -1;
  if (descriptor < 0) return new builtin.Socket();
  const { allowHalfOpen } = socket;
  const standIn = new builtin.Socket({ fd: descriptor, allowHalfOpen, manualStart: true } as never);
  keepStandIn(socket, standIn, () => standIn.destroy());
  return standIn;
}

function socketMethods({ list, transfer, deserialize }: Symbols, carry: Carry): Methods {
  return {
    [list](this: ThisSocket): unknown {
      const standIn = this[kEndpoint] === undefined ? this : standInFor(this);
      return (theirSocket[list] as Call).call(standIn);
    },

    [transfer](this: ThisSocket): unknown {
      const standIn = standIns.get(this)?.standIn;
      if (standIn === undefined) return (theirSocket[transfer] as Call).call(this);
      // The message was read in between, by getters too: what they did to the socket counts.
      if (!isUntouched(this)) return (theirSocket[transfer] as Call).call(new builtin.Socket());
      standIns.delete(this);
      const message = (theirSocket[transfer] as Call).call(standIn);
      debug('a socket moves to another thread');
      this[kHandle]?.leave();
      this[kHandle] = null;
      this[kEndpoint] = null;
      this[kReading] = false;
      this.destroy();
      return message;
    },

    [deserialize](this: ThisSocket, data: unknown): unknown {
      const { handle, allowHalfOpen } = (data ?? {}) as { handle?: LibuvHandle; allowHalfOpen?: boolean };
      const endpoint = handle && adoptHandle(handle);
      if (endpoint === undefined) {
        // The socket, which nobody has seen yet, becomes node:net's.
        this.removeAllListeners('end');
        (this as { [kEndpoint]: unknown })[kEndpoint] = undefined;
        (builtin.Socket as unknown as Call).call(this);
        return (theirSocket[deserialize] as Call).call(this, data);
      }
      this.allowHalfOpen = Boolean(allowHalfOpen);
      carry(this, endpoint, { manualStart: true });
      Object.assign(this, { readable: true, writable: true });
      return undefined;
    },
  };
}

// ---- servers ----

function serverMethods({ list, transfer, deserialize }: Symbols): Methods {
  return {
    [list](this: ServerState): unknown {
      const { _handle: listener } = this;
      const loan =
        listener instanceof ListenerHandle && 'getsockname' in listener ? listener.toSend() : undefined;
      if (loan === undefined) return (theirServer[list] as Call).call(this);
      const standIn = Object.create(this) as object;
      define(standIn, '_handle', { value: loan.handle, writable: true });
      keepStandIn(this, standIn, () => {
        if (loan.lent) loan.handle.close();
      });
      return (theirServer[list] as Call).call(standIn);
    },

    [transfer](this: ServerState): unknown {
      const standIn = standIns.get(this)?.standIn;
      const { _handle: listener } = this;
      if (standIn === undefined || !(listener instanceof ListenerHandle)) {
        return (theirServer[transfer] as Call).call(this);
      }
      standIns.delete(this);
      const message = (theirServer[transfer] as Call).call(standIn);
      debug('a server moves to another thread');
      listener.leave();
      this._handle = null;
      return message;
    },

    [deserialize](this: ServerState, data: unknown): unknown {
      const { handle } = (data ?? {}) as { handle?: object };
      if (handle) noteReceived(handle);
      return (theirServer[deserialize] as Call).call(this, data);
    },
  };
}

// ---- for the prototypes ----

type Carry = (
  socket: ThisSocket,
  endpoint: NonNullable<ThisSocket[typeof kEndpoint]>,
  options: object,
) => void;

/** What a prototype of sockets gets; `carry` starts a socket whose connection stands. */
export function socketTransferMethods(carry: Carry): PropertyDescriptorMap {
  if (symbols === undefined || markTransferable === undefined) return {};
  const methods = descriptorsOf(socketMethods(symbols, carry), theirSocket);
  // Needed by the first of the markers alone.
  if (kAborted !== undefined) methods[kAborted] = { value: false, configurable: true };
  return methods;
}

/** What a prototype of servers gets. */
export const serverTransferMethods: PropertyDescriptorMap =
  symbols === undefined ? {} : descriptorsOf(serverMethods(symbols), theirServer);

/** With the names, lengths and flags that node:net's have. */
function descriptorsOf(methods: Methods, theirs: Calls): PropertyDescriptorMap {
  const all: PropertyDescriptorMap & Record<symbol, PropertyDescriptor> = {};
  for (const key of Object.getOwnPropertySymbols(methods)) {
    const { name, length } = theirs[key] as Call;
    const value = methods[key] as Method;
    defineAll(value, { name: { value: name }, length: { value: length } });
    all[key] = { value, enumerable: true, writable: true, configurable: true };
  }
  return all;
}
