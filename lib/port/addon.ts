// Finds the native port, or says why there is none.
import path = require('node:path');

import { BOUNDARY_ID, type COUNTER_NAMES } from './boundary.js';

export type CounterName = (typeof COUNTER_NAMES)[number];

export interface NativeAddress {
  address: string;
  family?: 'IPv4' | 'IPv6';
  port?: number;
}

/** The direct calls of an open port. A number below 0 is one of libuv's error numbers. */
export interface NativePort {
  readonly memory: {
    readonly control: Int32Array;
    readonly counters: Float64Array;
    readonly slab: Uint8Array;
    readonly arena: Uint8Array;
  };
  listen(kind: number, host: string, port: number, family: number, backlog: number, flags: number): number;
  connect(
    kind: number,
    host: string,
    port: number,
    family: number,
    localHost: string | undefined,
    localPort: number,
  ): number;
  adopt(descriptor: number, flags: number, backlog: number): number;
  duplicate(index: number, generation: number): number;
  /** The socket's own descriptor. */
  descriptor(index: number, generation: number): number;
  /** Bytes that the system has taken; the memory of the others is used until Completion.Sent. */
  send(index: number, generation: number, bytes: Uint8Array | readonly Uint8Array[]): number;
  /**
   * Sends of the first bytes of the slab what the system takes now, and queues nothing. Arguments and answer are words of
   * the control block (Header.SlabIndex to SlabSent).
   */
  sendSlab(): void;
  connectAgain(
    index: number,
    generation: number,
    kind: number,
    host: string,
    port: number,
    family: number,
  ): number;
  receive(index: number, generation: number, bytes: Uint8Array): number;
  close(index: number, generation: number, how: number): void;
  setOption(
    index: number,
    generation: number,
    option: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ): number;
  localAddress(index: number, generation: number): NativeAddress | number;
  peerAddress(index: number, generation: number): NativeAddress | number;
  queuedBytes(index: number, generation: number): number;
  flush(): void;
  /** Asks for one dispatch(true) in the closing phase of the loop's turn. */
  dispatchClosing(): void;
  reference(on: boolean): void;
  /** What becomes of an error that nobody catches: 'uncaughtException', or the end of the process. */
  uncaught(error: unknown): void;
}

export interface Addon {
  readonly name: 'epoll' | 'iocp';
  /** Of the definition of the boundary that the addon was compiled with (BOUNDARY_ID). */
  readonly boundary: number;
  /** The status of an operation that would block. */
  readonly again: number;
  /** Bytes of a pipe's name that the system takes. */
  readonly pipeNameBytesMax: number;
  /**
   * `dispatch` takes completions, and returns false when it has worked long enough and has left some. With true it
   * reports what has closed, in the loop's closing phase.
   */
  open(dispatch: (closing: boolean) => boolean): NativePort | number;
  /** What of this system the engine can use, by name. */
  features(): Record<string, boolean>;
}

const ENGINES = ['epoll', 'iocp', 'libuv'];

/** Loads the addon, or returns the reason why this process has no engine of ours, as a sentence for people. */
export function loadAddon(): Addon | string {
  const forced = process.env.IOCP_NET_ENGINE;
  if (forced === 'libuv') return 'IOCP_NET_ENGINE=libuv asks for node:net';
  if (forced !== undefined && forced !== '' && !ENGINES.includes(forced)) {
    return `IOCP_NET_ENGINE=${forced} is none of ${ENGINES.join(', ')}`;
  }
  let addon: Addon;
  try {
    const load = require('node-gyp-build') as (directory: string) => unknown;
    addon = load(path.join(__dirname, '..', '..')) as Addon;
  } catch (error) {
    const first = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
    return `the native port did not load (${first})`;
  }
  if (addon.boundary !== BOUNDARY_ID) return 'the native port was built for another version of this package';
  if (forced && forced !== addon.name) {
    return `IOCP_NET_ENGINE=${forced} asks for an engine that this system does not have (it has ${addon.name})`;
  }
  return addon;
}
