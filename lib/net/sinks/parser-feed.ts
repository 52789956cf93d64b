// An http server's parser is given bytes as if it read a libuv handle. Over node:net it does, in C++, and calls JavaScript
// for each piece of a body by itself: ticks and promises run before the next piece, or the end. From 'data' it parses a
// whole chunk in one call. So the functions that it calls are replaced by others that run them.

import { debug } from '../../node/debug.js';
import { runTicks } from '../../port/ticks.js';
import { port } from '../engine-port.js';
import type { ThisSocket } from '../state.js';

type Parser = object;
type OnPiece = (this: Parser, ...args: unknown[]) => unknown;

/** The names of what http's parsers call for each piece of a body, and for trailers and more headers than fit at once. */
const ON_PIECE = ['parserOnBody', 'parserOnHeaders'];
/** The name of the 'pause' listener of http's servers. It goes, for good, when the program listens for bytes itself. */
const ON_PAUSE = 'onSocketPause';

/** The parser that is being given bytes, until it calls a handler of the program's. */
let fed: Parser | null = null;
const prepared = new WeakSet<object>();
let known = true;
/** What 'uncaughtException' has had already, and was thrown on to end the parsing: nobody else is to get it. */
let uncaught: { error: unknown } | null = null;

let onPause: unknown;

/** Whether node:net would let the parser read the handle: a server's, as long as nobody beside it wants the bytes. */
export function readsHandle(socket: ThisSocket): boolean {
  if (socket.parser == null || socket.readableFlowing === null || socket.readableLength > 0) return false;
  const listeners = socket.listeners('pause');
  if (listeners[0] === onPause && onPause !== undefined) return true;
  onPause = listeners.find(({ name }) => name === ON_PAUSE) ?? onPause;
  return onPause !== undefined && listeners.includes(onPause as never);
}

/** Emits the 'data' that the parser listens for; `asHandle`: as what it reads from a handle. */
export function feed(socket: ThisSocket, chunk: unknown, asHandle: boolean): void {
  const parser = socket.parser as Parser;
  const outer = fed;
  fed = asHandle ? parser : null;
  try {
    socket.emit('data', chunk);
  } catch (error) {
    if (uncaught === null || uncaught.error !== error) throw error;
  } finally {
    fed = outer;
    uncaught = null;
  }
}

/**
 * Before the parser is given its first bytes, where newer Nodes look up what it calls. http keeps its parsers for later
 * connections: what is replaced stays, and does nothing for who is not fed here.
 */
export function prepareParser(parser: object): void {
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
  if (!found && known)
    debug('http calls its parsers in an unknown way: no ticks between the pieces of a body');
  known &&= found;
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
