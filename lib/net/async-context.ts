// Callbacks that run later, in the async context of now.
import { AsyncResource } from 'node:async_hooks';
import { runTicks } from '../port/ticks.js';
import { port } from './engine-port.js';

/** As libuv calls back: ticks come after it, and what throws is uncaught and keeps nothing else back. */
export function asCallOfItsOwn(call: () => void): void {
  try {
    call();
    runTicks();
  } catch (error) {
    port().native.uncaught(error);
  }
}

function reporting<A extends unknown[]>(call: (...args: A) => unknown, ...args: A): void {
  try {
    call(...args);
  } catch (error) {
    port().native.uncaught(error);
  }
}

/**
 * Runs what the port reports in an async context. What it throws becomes an 'uncaughtException' within that context, as
 * over node:net: test runners ask there whose error it is.
 */
export function reportIn<A extends unknown[]>(
  context: AsyncResource,
  call: (...args: A) => unknown,
  ...args: A
): void {
  context.runInAsyncScope(reporting<A>, undefined, call, ...args);
}

/**
 * As AsyncResource.bind, without what makes the bound function's object slow: there is one for each connection. For one
 * call: after it, async hooks get the resource's `destroy`.
 */
export function inThisContext<A extends unknown[]>(
  callback: (...args: A) => unknown,
  type: string,
  triggerAsyncId?: number,
): (...args: A) => void {
  const resource = new AsyncResource(type, triggerAsyncId as number);
  return (...args) => {
    try {
      reportIn(resource, callback, ...args);
    } finally {
      resource.emitDestroy();
    }
  };
}
