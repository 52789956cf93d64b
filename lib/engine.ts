// What carries the sockets of this process.
import type { Counters } from './port/port.js';
import { facade, reasonForNone } from './shared.js';

export type { Counters };

export interface Engine {
  /** `'iocp'` on Windows, `'epoll'` on Linux, `'libuv'` where the package is node:net itself. */
  readonly name: 'iocp' | 'epoll' | 'libuv';
  /** Why there is no engine of ours, as a sentence; undefined when there is one. */
  readonly reason: string | undefined;
  /** Counts since this environment's engine was opened; all 0 without one. */
  readonly counters: Counters;
}

const NONE: Counters = {
  batches: 0,
  completions: 0,
  submissions: 0,
  nativeCalls: 0,
  acceptedEndpoints: 0,
  connectedEndpoints: 0,
  openEndpoints: 0,
  bytesReceived: 0,
  bytesSent: 0,
  receiveCalls: 0,
  sendCalls: 0,
  waitCalls: 0,
  adoptedEndpoints: 0,
};

export const engine: Engine = {
  get name() {
    return facade()?.engine.name ?? 'libuv';
  },
  get reason() {
    return reasonForNone();
  },
  get counters() {
    return facade()?.engine.counters() ?? { ...NONE };
  },
};
