// An http server's parser is given bytes as if it read a libuv handle. Over node:net it does, in C++, past the stream:
// no listener of the socket sees the bytes, pause() only stops the handle, and JavaScript is called for each piece of a
// body by itself, so that ticks and promises run before the next piece, or the end. From 'data' it parses a whole chunk
// in one call. So the functions that it calls are replaced by others that run the ticks.
//
// It keeps nothing of what it reads: bodies are copies, and so is what follows an upgrade. Where that is certain, the
// port lends it the bytes.
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
type OnPiece = (this: Parser, ...args: unknown[]) => unknown;
type Listener = (this: ThisSocket, chunk: unknown) => void;
/** `_paused`: http has paused the socket, for want of room for its answers. */
type HttpSocket = ThisSocket & { _paused?: boolean };

/** The names of what http's parsers call for each piece of a body, and for trailers and more headers than fit at once. */
const ON_PIECE = ['parserOnBody', 'parserOnHeaders'];
/** The name of what is called, of each parser, when it has read from its handle. */
const ON_EXECUTE = 'bound onParserExecute';
/** The name of the listener by which http's servers give a parser what comes as 'data'. */
const ON_DATA = 'bound socketOnData';

/** The parser that is being given bytes, until it calls a handler of the program's. */
let fed: Parser | null = null;
let fedBytes: Uint8Array | null = null;
const prepared = new WeakSet<object>();
/**
 * The listener of each socket whose parser reads the handle: whatever the program does with listeners, it goes on. By the
 * socket: http keeps its parsers.
 */
const listeners = new WeakMap<ThisSocket, Listener>();
let known = true;
/** What 'uncaughtException' has had already, and was thrown on to end the parsing: nobody else is to get it. */
let uncaught: { error: unknown } | null = null;
/** Node's `execute`, as the first parser had it. */
let nodesExecute: Execute | undefined;
/** The number that ON_EXECUTE has in every parser. */
let onExecute: number | undefined;
/** Whether the pieces of a body have memory of their own: seen at the first one. */
let copiesBodies: boolean | undefined;

const parserOf = ({ parser }: ThisSocket) => parser as Parser | null | undefined;
const nameOf = (value: unknown) => (typeof value === 'function' ? value.name : '');

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

/** Whether it does, and certainly keeps nothing of what it reads. */
export function borrows(socket: ThisSocket): boolean {
  return readsHandle(socket) && copiesBodies !== false && isReadAsByNode(parserOf(socket) as Parser);
}

/** Gives a parser that borrows its bytes. */
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

/** As Node's C++ does it. */
function read(socket: ThisSocket, bytes: Uint8Array): void {
  const parser = parserOf(socket) as Parser;
  const result = parser.execute(bytes);
  const executed = parser[onExecute as number]; // null: the parser has been freed meanwhile
  if (typeof executed === 'function') executed.call(parser, result);
}

/** Where the program has replaced what Node's C++ would call, or it is not as it is known here. */
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
  if (parser.execute !== nodesExecute) return false;
  onExecute ??= numberOfOnExecute(parser);
  return onExecute !== undefined && typeof parser[onExecute] === 'function';
}

function numberOfOnExecute(parser: Parser): number | undefined {
  const number = Object.keys(parser)
    .map(Number)
    .find((key) => nameOf(parser[key]) === ON_EXECUTE);
  if (number === undefined) unknown('nothing is called when a parser has read');
  return number;
}

/** http keeps its parsers for later connections: what is replaced stays, and does nothing for who is not fed here. */
function prepareParser(parser: Parser): void {
  if (prepared.has(parser)) return;
  prepared.add(parser);
  const { execute, getCurrentBuffer } = parser;
  if (String(execute).includes('[native code]')) nodesExecute ??= execute;
  parser.getCurrentBuffer = function (this: Parser) {
    return fed === this && fedBytes !== null ? copyOf(fedBytes) : getCurrentBuffer.call(this);
  };
  const calls = parser as unknown as Record<string, unknown>;
  let found = false;
  for (const key of Object.keys(calls)) {
    const value = calls[key];
    if (!ON_PIECE.includes(nameOf(value))) continue;
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
    result = onPiece.apply(parser, copiesBodies === true ? args : args.map(asCopy));
    runTicks();
  } catch (error) {
    port().native.uncaught(error);
    uncaught = { error };
    throw error;
  }
  fed = parser;
  return result;
}

/** Of what might be a view of the bytes that are read; that it is a copy already is known after the first one. */
function asCopy(piece: unknown): unknown {
  if (!(piece instanceof Uint8Array)) return piece;
  copiesBodies ??= piece.buffer !== fedBytes?.buffer;
  return copiesBodies ? piece : copyOf(piece);
}
