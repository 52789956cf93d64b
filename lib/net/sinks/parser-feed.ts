// An http server's parser is given bytes as if it read a libuv handle. Over node:net it does, in C++, past the stream:
// no listener of the socket sees the bytes, pause() only stops the handle, and JavaScript is called for each piece of a
// body by itself, so that ticks and promises run before the next piece, or the end. From 'data' it parses a whole chunk
// in one call. So the functions that it calls are replaced by others that run the ticks.
//
// A parser keeps no byte that it reads: `execute` turns heads into strings and bodies into copies before it returns, and
// what follows an upgrade, or was no HTTP, is asked for by getCurrentBuffer(), a copy. So the port lends it the bytes,
// where the parser is certainly Node's own.
import type { Buffer } from 'node:buffer';
import { debug } from '../../node/debug.js';
import { copyOf, type LentBytes } from '../../port/lent-bytes.js';
import { runTicks } from '../../port/ticks.js';
import { port } from '../engine-port.js';
import type { ThisSocket } from '../state.js';

type Execute = (bytes: Uint8Array) => unknown;
/** `_consumed`: http's own mark of a parser that reads a handle. It goes when the program listens for bytes itself. */
type Parser = {
  _consumed?: boolean;
  execute: Execute;
  getCurrentBuffer(): Buffer;
  [number: number]: unknown;
};
type Called = (this: Parser, ...args: unknown[]) => unknown;
type Listener = (this: ThisSocket, chunk: unknown) => void;
/** `_paused`: http has paused the socket, for want of room for its answers. */
type HttpSocket = ThisSocket & { _paused?: boolean };

/**
 * The names of what http's parsers call, and whether ticks run behind it: for each piece of a body, for trailers and more
 * headers than fit at once; not for the head and the end of a message.
 */
const CALLED = new Map([
  ['parserOnHeaders', true],
  ['parserOnBody', true],
  ['parserOnHeadersComplete', false],
  ['parserOnMessageComplete', false],
]);
/** The name of the listener by which http's servers give a parser what comes as 'data'. */
const ON_DATA = 'bound socketOnData';

/** The parser that is being given bytes as a handle's, but for while it calls one of CALLED; and those bytes. */
let fed: Parser | null = null;
let fedBytes: Uint8Array = new Uint8Array(0);
const prepared = new WeakSet<object>();
/**
 * The listener of each socket whose parser reads the handle: whatever the program does with listeners, it goes on. By the
 * socket: http keeps its parsers.
 */
const listeners = new WeakMap<ThisSocket, Listener>();
let known = true;
/** What 'uncaughtException' has had already, and was thrown on to end the parsing: nobody else is to get it. */
let uncaught: { error: unknown } | null = null;
/** Node's own `execute`, and the number of what is called when a parser has read from its handle. */
let nodes: { readonly execute: Execute; readonly kOnExecute: number } | undefined;
/** Whether the pieces of a body have memory of their own: seen at the first one. */
let copiesBodies: boolean | undefined;

const { toString: sourceOf } = Function.prototype;
const parserOf = ({ parser }: ThisSocket) => parser as Parser | null | undefined;
const nameOf = (value: unknown) => (typeof value === 'function' ? value.name : '');

function unknown(what: string): void {
  if (known) debug('http calls its parsers in an unknown way: %s', what);
  known = false;
}

/**
 * http asks a handle whether its parser can read it, once its listeners are there. What it does then is done here: true
 * if the parser is the one that reads from now on.
 */
export function consume(socket: ThisSocket): boolean {
  const parser = parserOf(socket) as Parser;
  const listener = socket.listeners('data').findLast(({ name }) => name === ON_DATA);
  if (listener === undefined && (socket as { server?: unknown }).server == null) return false; // a client's
  if (listener === undefined || typeof parser._consumed !== 'boolean') {
    unknown("it gets its bytes from 'data'");
    return false;
  }
  parser._consumed = true;
  listeners.set(socket, listener as Listener);
  prepareParser(parser);
  return true;
}

/** Whether the parser reads the handle: a server's, as long as nobody beside it wants the bytes. */
export function readsHandle(socket: ThisSocket): boolean {
  return parserOf(socket)?._consumed === true && listeners.has(socket);
}

/** Whether it does, and is Node's: then it keeps none of the bytes. */
export function borrows(socket: ThisSocket): boolean {
  return readsHandle(socket) && copiesBodies !== false && isReadAsByNode(parserOf(socket) as Parser);
}

/** Has a parser that borrows read what it is lent. */
export function feedLent(socket: ThisSocket, { bytes }: LentBytes): void {
  feeding(socket, parserOf(socket) as Parser, bytes, read);
}

/** Gives the parser its bytes; `asHandle`: as what it reads from a handle, otherwise as 'data'. */
export function feed(socket: ThisSocket, chunk: Buffer, asHandle: boolean): void {
  const parser = parserOf(socket) as Parser;
  if (!asHandle) feeding(socket, null, chunk, emitData);
  else feeding(socket, parser, chunk, isReadAsByNode(parser) ? read : callListener);
}

function feeding(
  socket: ThisSocket,
  parser: Parser | null,
  bytes: Uint8Array,
  give: (socket: ThisSocket, bytes: Uint8Array) => void,
): void {
  const outer = fed;
  const outerBytes = fedBytes;
  fed = parser;
  fedBytes = bytes;
  try {
    give(socket, bytes);
  } catch (error) {
    if (uncaught === null || uncaught.error !== error) throw error;
  } finally {
    fed = outer;
    fedBytes = outerBytes;
    uncaught = null;
  }
}

const emitData = (socket: ThisSocket, bytes: Uint8Array) => void socket.emit('data', bytes);

/** As Node's C++ does it: whoever has the parser by then is told, nobody if it has been freed. That restarts the idle timer. */
function read(socket: ThisSocket, bytes: Uint8Array): void {
  const parser = parserOf(socket) as Parser;
  const result = parser.execute(bytes);
  if (result === undefined) return; // what was thrown, and uncaught, has ended it
  const executed = parser[(nodes as { kOnExecute: number }).kOnExecute];
  if (typeof executed === 'function') executed.call(parser, result);
}

/** Where the parser is not Node's own, or http calls its parsers in a way that is not known here. */
function callListener(socket: HttpSocket, bytes: Uint8Array): void {
  // As 'data' http takes bytes that come while it has paused the socket for a mistake; as a handle's, its parser does.
  const paused = socket._paused === true;
  if (paused) socket._paused = false;
  try {
    (listeners.get(socket) as Listener).call(socket, bytes);
  } finally {
    if (paused) socket._paused = true;
  }
}

/** A program's own `execute` would not be called over node:net, and might keep what it is given. */
function isReadAsByNode(parser: Parser): boolean {
  return (
    nodes !== undefined && parser.execute === nodes.execute && typeof parser[nodes.kOnExecute] === 'function'
  );
}

/** A proxy and a bound function print without the name. */
const isNative = (call: unknown) => sourceOf.call(call) === 'function execute() { [native code] }';

function learn({ execute, constructor: ofAll }: Parser): void {
  const { kOnExecute } = ofAll as { kOnExecute?: unknown };
  if (typeof kOnExecute === 'number' && isNative(execute)) nodes = { execute, kOnExecute };
  else unknown('what it reads is copied first');
}

/** http keeps its parsers for later connections: what is replaced stays, and does nothing for who is not fed here. */
function prepareParser(parser: Parser): void {
  if (prepared.has(parser)) return;
  prepared.add(parser);
  if (nodes === undefined) learn(parser);
  const { getCurrentBuffer } = parser;
  // Node's has nothing after `execute`: its C++ sets it once more for the call behind it.
  parser.getCurrentBuffer = function (this: Parser) {
    return fed === this ? copyOf(fedBytes) : getCurrentBuffer.call(this);
  };
  const calls = parser as unknown as Record<string, unknown>;
  let found = 0;
  for (const key of Object.keys(calls)) {
    const value = calls[key];
    const ticks = CALLED.get(nameOf(value));
    if (ticks === undefined) continue;
    found++;
    const called = value as Called;
    calls[key] = function (this: Parser, ...args: unknown[]) {
      return fed === this ? asOwnCall(this, called, args, ticks) : called.apply(this, args);
    };
  }
  if (found < CALLED.size) unknown('no ticks between the pieces of a body');
}

/**
 * As if libuv had made the call. An error is uncaught at once, and ends the parsing: one of a tick leaves the tick's id on
 * the async stack, which only the treatment as uncaught clears, and from Node 22 on one that is thrown through the parser
 * can be lost (while async hooks are on, or when a handler has turned the loop).
 */
function asOwnCall(parser: Parser, called: Called, args: unknown[], ticks: boolean): unknown {
  fed = null;
  let result: unknown;
  try {
    result = called.apply(parser, ticks && copiesBodies !== true ? args.map(asCopy) : args);
    if (ticks) runTicks();
  } catch (error) {
    port().native.uncaught(error);
    uncaught = { error };
    throw error;
  }
  fed = parser;
  return result;
}

/** Of what is a view of the bytes that are read; that there is none is known after the first piece. */
function asCopy(piece: unknown): unknown {
  if (!(piece instanceof Uint8Array)) return piece;
  const isView = piece.buffer === fedBytes.buffer;
  copiesBodies ??= !isView;
  return isView ? copyOf(piece) : piece;
}
