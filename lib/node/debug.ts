// NODE_DEBUG=iocp-net: what carries each server and socket, and why. `iocp-net doctor` reads the same lines.
import util = require('node:util');

import { define } from './define.js';

const log = util.debuglog('iocp-net');
let observer: ((line: string) => void) | undefined;

/** Reports every line to `observe`, whether or not they are printed. */
export function observeDebug(observe: (line: string) => void): void {
  observer = observe;
}

let probing = false;

/** Runs `body`, which makes something of Node's only to see what Node does: no line of it is printed or counted. */
export function probe<T>(body: () => T): T {
  const before = probing;
  probing = true;
  try {
    return body();
  } finally {
    probing = before;
  }
}

/** Whether what is made now is none of the program's. */
export function isProbing(): boolean {
  return probing;
}

interface Debug {
  (format: string, ...values: unknown[]): void;
  readonly enabled: boolean;
}

function write(format: string, ...values: unknown[]): void {
  if (probing) return;
  log(format, ...values);
  observer?.(util.format(format, ...values));
}

define(write, 'enabled', { get: () => observer !== undefined || log.enabled });
export const debug = write as typeof write & Debug;
