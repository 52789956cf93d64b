// Callbacks that run later, in the async context of now.
import { AsyncResource } from 'node:async_hooks';

/** As AsyncResource.bind, without what makes the bound function's object slow: there is one for each connection. */
export function inThisContext<A extends unknown[]>(
  callback: (...args: A) => unknown,
  type: string,
): (...args: A) => void {
  const resource = new AsyncResource(type);
  return (...args) => {
    resource.runInAsyncScope(callback, undefined, ...args);
  };
}
