// An http server's parser is given bytes as if it read a libuv handle. Over node:net it does, in C++, past the stream:
// no listener of the socket sees the bytes, pause() only stops the handle, and JavaScript is called for each piece of a
// body by itself, so that ticks and promises run before the next piece, or the end. From 'data' it parses a whole chunk
// in one call. So the functions that it calls are replaced by others that run the ticks.

import { debug } from '../../node/debug.js';
import { runTicks } from '../../port/ticks.js';
import { port } from '../engine-port.js';
import type { ThisSocket } from '../state.js';

/** `_consumed`: http's own mark of a parser that reads a handle. It goes when the program listens for bytes itself. */
type Parser = { _consumed?: boolean };
type OnPiece = (this: Parser, ...args: unknown[]) => unknown;
type Listener = (this: ThisSocket, chunk: unknown) => void;
/** `_paused`: http has paused the socket, for want of room for its answers. */
type HttpSocket = ThisSocket & { _paused?: boolean };

/** The names of what http's parsers call for each piece of a body, and for trailers and more headers than fit at once. */
const ON_PIECE = ['parserOnBody', 'parserOnHeaders'];
/** The name of the listener by which http's servers give a parser what comes as 'data'. */
const ON_DATA = 'bound socketOnData';

/** The parser that is being given bytes, until it calls a handler of the program's. */
let fed: Parser | null = null;
const prepared = new WeakSet<object>();
/**
 * The listener of each socket whose parser reads the handle: whatever the program does with listeners, it goes on. By the
 * socket: http keeps its parsers.
 */
const listeners = new WeakMap<ThisSocket, Listener>();
let known = true;
/** What 'uncaughtException' has had already, and was thrown on to end the parsing: nobody else is to get it. */
let uncaught: { error: unknown } | null = null;

const parserOf = ({ parser }: ThisSocket) => parser as Parser | null | undefined;

function unknown(what: string): void {
  if (known) debug('http calls its parsers in an unknown way: %s', what);
  known = false;
}

/**
 * http asks a handle whether its parser can read it, once its listeners are there. What it does then is done here: the
 * parser is the one that reads.
 */
export function consume(socket: ThisSocket): void {
  const parser = parserOf(socket) as Parser;
  const listener = socket.listeners('data').findLast(({ name }) => name === ON_DATA);
  if (listener === undefined && (socket as { server?: unknown }).server == null) return; // a client's
  if (listener === undefined || typeof parser._consumed !== 'boolean') {
    unknown("it gets its bytes from 'data'");
    return;
  }
  parser._consumed = true;
  listeners.set(socket, listener as Listener);
  prepareParser(parser);
}

/** Whether the parser reads the handle: a server's, as long as nobody beside it wants the bytes. */
export function readsHandle(socket: ThisSocket): boolean {
  return parserOf(socket)?._consumed === true && listeners.has(socket);
}

/** Gives the parser its bytes; `asHandle`: as what it reads from a handle, otherwise as 'data'. */
export function feed(socket: HttpSocket, chunk: unknown, asHandle: boolean): void {
  const outer = fed;
  // As 'data' http takes bytes that come while it has paused the socket for a mistake; as a handle's, its parser does.
  const paused = asHandle && socket._paused === true;
  try {
    if (asHandle) {
      fed = parserOf(socket) as Parser;
      if (paused) socket._paused = false;
      (listeners.get(socket) as Listener).call(socket, chunk);
    } else {
      fed = null;
      socket.emit('data', chunk);
    }
  } catch (error) {
    if (uncaught === null || uncaught.error !== error) throw error;
  } finally {
    fed = outer;
    uncaught = null;
    if (paused) socket._paused = true;
  }
}

/** http keeps its parsers for later connections: what is replaced stays, and does nothing for who is not fed here. */
function prepareParser(parser: Parser): void {
  if (prepared.has(parser)) return;
  prepared.add(parser);
  const calls = parser as Record<string, unknown>;
  let found = false;
  for (const key of Object.keys(calls)) {
    const value = calls[key];
    if (typeof value !== 'function' || !ON_PIECE.includes(value.name)) continue;
    found = true;
    const onPiece = value as OnPiece;
    calls[key] = function (this: Parser, ...args: unknown[]) {
      return fed === this ? asOwnCall(this, onPiece, args) : onPiece.apply(this, args);
    };
  }
  if (!found) unknown('no ticks between the pieces of a body');
}

/**
 * As if libuv had made the call. An error is uncaught at once, and ends the parsing: one of a tick leaves the tick's id on
 * the async stack, which only the treatment as uncaught clears, and Node 22 loses one that is thrown through the parser
 * while async hooks are on.
 */
function asOwnCall(parser: Parser, onPiece: OnPiece, args: unknown[]): unknown {
  fed = null;
  let result: unknown;
  try {
    result = onPiece.apply(parser, args);
    runTicks();
  } catch (error) {
    port().native.uncaught(error);
    uncaught = { error };
    throw error;
  }
  fed = parser;
  return result;
}
