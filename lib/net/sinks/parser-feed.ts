// An http server's parser is given bytes as if it read a libuv handle. Over node:net it does, in C++, and calls JavaScript
// for each piece of a body by itself: ticks and promises run before the next piece, or the end. From 'data' it parses a
// whole chunk in one call. So the function that it calls is replaced by one that runs them.

import { debug } from '../../node/debug.js';
import { runTicks } from '../../port/ticks.js';
import { port } from '../engine-port.js';
import type { ThisSocket } from '../state.js';

interface Parser {
  /** The request of a client's parser. */
  outgoing?: object | null;
}
type OnBody = (this: Parser, piece: unknown) => unknown;

/** The name of the function that http's parsers call for each piece of a body. */
const ON_BODY = 'parserOnBody';
/** Thrown in place of an error that 'uncaughtException' has had already: it ends the parsing, and nobody is told. */
const ALREADY_UNCAUGHT = Symbol('already uncaught');

/** The parser that is being given bytes, until it calls a handler of the program's. */
let fed: Parser | null = null;
const prepared = new WeakSet<object>();
let known = true;

/** Whether node:net would let the parser read the handle: a server's, with nobody beside it who wants the bytes. */
export function readsHandle(socket: ThisSocket): boolean {
  const parser = socket.parser as Parser | null | undefined;
  return (
    parser != null &&
    parser.outgoing == null &&
    socket.server != null &&
    socket.readableFlowing !== null &&
    socket.readableLength === 0 &&
    socket.listenerCount('data') === 1 &&
    socket.listenerCount('readable') === 0
  );
}

/** Emits the 'data' that the parser listens for; `asHandle`: as what it reads from a handle. */
export function feed(socket: ThisSocket, chunk: unknown, asHandle: boolean): void {
  const parser = socket.parser as Parser;
  const outer = fed;
  fed = asHandle ? parser : null;
  try {
    socket.emit('data', chunk);
  } catch (error) {
    if (error !== ALREADY_UNCAUGHT) throw error;
  } finally {
    fed = outer;
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
  const place = Object.keys(calls).find((key) => {
    const value = calls[key];
    return typeof value === 'function' && value.name === ON_BODY;
  });
  if (place === undefined) {
    if (known) debug('http calls its parsers in an unknown way: no ticks between the pieces of a body');
    known = false;
    return;
  }
  const onBody = calls[place] as OnBody;
  calls[place] = function (this: Parser, piece: unknown) {
    return fed === this ? asOwnCall(this, onBody, piece) : onBody.call(this, piece);
  };
}

/**
 * As if libuv had made the call. An error is uncaught at once, and ends the parsing: one of a tick leaves the tick's id on
 * the async stack, which only the treatment as uncaught clears, and Node 22 loses one that is thrown through the parser
 * while async hooks are on.
 */
function asOwnCall(parser: Parser, onBody: OnBody, piece: unknown): unknown {
  fed = null;
  let result: unknown;
  try {
    result = onBody.call(parser, piece);
    runTicks();
  } catch (error) {
    port().native.uncaught(error);
    throw ALREADY_UNCAUGHT;
  }
  fed = parser;
  return result;
}
