// Symbols under which node:net itself keeps parts of a socket, found on one of its own: code of Node's that looks
// there, at a parent socket's timer or a handle's socket, finds ours too.
import { builtin } from './builtin.js';

const ASYNC_ID = 2 ** 40; // no count of resources gets there
const nothing = () => {};

interface Probe {
  sharesTimers: boolean;
  timeout: symbol;
  asyncId: symbol;
  owner: symbol;
}

function symbolOf(object: object, is: (value: unknown) => boolean): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) =>
    is((object as Record<symbol, unknown>)[symbol]),
  );
}

function probe(): Probe {
  const handle = { close: nothing, readStart: () => 0, readStop: () => 0, getAsyncId: () => ASYNC_ID };
  const socket = new builtin.Socket({ handle, manualStart: true, readable: false } as never);
  socket.setTimeout(1000);
  const found = {
    timeout: symbolOf(socket, (value) => typeof (value as NodeJS.Timeout | null)?.refresh === 'function'),
    asyncId: symbolOf(socket, (value) => value === ASYNC_ID),
    owner: symbolOf(handle, (value) => value === socket),
  };
  socket.setTimeout(0); // not destroy(): that would make process.stderr
  return {
    sharesTimers: found.timeout !== undefined,
    timeout: found.timeout ?? Symbol('timeout'),
    asyncId: found.asyncId ?? Symbol('async_id_symbol'),
    owner: found.owner ?? Symbol('owner_symbol'),
  };
}

const found = probe();

/** Whether node:net's own code finds the idle timers of our sockets. */
export const sharesTimers = found.sharesTimers;
/** A socket's idle timer. */
export const kTimeout: unique symbol = found.timeout as never;
/** The id of a socket's or server's async resource. */
export const kAsyncId: unique symbol = found.asyncId as never;
/** The socket or server of a handle. */
export const kOwner: unique symbol = found.owner as never;
