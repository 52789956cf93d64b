// Ticks between the pieces of a request's body. Over node:net http's parser reads the handle, and each piece is a call of
// libuv's own: ticks and promises run before the next piece, or the end. Over the port all are parsed in one 'data'.
import { runTicks } from '../../port/ticks.js';
import { isReporting, REPORTED } from '../async-context.js';
import { port } from '../engine-port.js';
import { isCarried } from '../state.js';

type OnBody = (this: { socket?: unknown }, ...args: unknown[]) => unknown;

/** The function that http's parsers call for each piece of a body. */
const ON_BODY = 'parserOnBody';
const watched = new WeakSet<object>();

/** From now on ticks run between the pieces. Nothing changes in a Node whose parsers call another function. */
export function watchBodies(parser: object): void {
  if (watched.has(parser)) return; // http keeps its parsers for later connections
  watched.add(parser);
  const calls = parser as Record<string, OnBody>;
  const place = Object.keys(calls).find((key) => (calls[key] as { name?: unknown } | null)?.name === ON_BODY);
  if (place === undefined) return;
  const onBody = calls[place] as OnBody;
  calls[place] = function (...args) {
    if (!isReporting() || !readsHandle(this.socket)) return onBody.apply(this, args);
    return asOwnCall(() => {
      const result = onBody.apply(this, args);
      runTicks();
      return result;
    });
  };
}

/** Whether the parser would read a handle of node:net's: it is a server's, and the program does not listen beside it. */
function readsHandle(socket: unknown): boolean {
  return isCarried(socket) && socket.server !== null && socket.listenerCount('data') === 1;
}

/**
 * What is thrown is reported at once, and ends the parsing. Later would be too late: an error of a tick leaves its async
 * context, which the parser would stumble over, and Node 22 can lose one that passes through the parser.
 */
function asOwnCall(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (error !== REPORTED) port().native.uncaught(error);
    throw REPORTED;
  }
}
