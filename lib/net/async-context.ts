// Callbacks that run later, in the async context of now.
import { AsyncResource } from 'node:async_hooks';

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
      resource.runInAsyncScope(callback, undefined, ...args);
    } finally {
      resource.emitDestroy();
    }
  };
}
