// Finds the native port, or says why there is none.
import util = require('node:util');

import type v8 from 'node:v8';

import { adviceFor } from './advice.js';
import { BOUNDARY_ID, type COUNTER_NAMES, type NativeCall } from './boundary.js';
import { loadFile, locateAddon } from './locate.js';

export type CounterName = (typeof COUNTER_NAMES)[number];

export interface NativeAddress {
  address: string;
  family?: 'IPv4' | 'IPv6';
  port?: number;
}

export interface PortMemory {
  readonly control: Int32Array;
  readonly counters: Float64Array;
  readonly slab: Uint8Array;
  readonly arena: Uint8Array;
}

/** The calls that layout.h lists: one that is missing here does not compile, and none but those can be made. */
export type NativePort = { readonly memory: PortMemory } & Pick<NativeCalls, NativeCall>;

/** The direct calls of an open port. A number below 0 is one of libuv's error numbers. */
interface NativeCalls {
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
  /**
   * Bytes that the system has taken; the memory of the others is used until Completion.Sent. `pieces`: how many the
   * program wrote.
   */
  send(index: number, generation: number, bytes: Uint8Array | readonly Uint8Array[], pieces: number): number;
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

const debug = util.debuglog('iocp-net');

/** Why this process has no engine of ours, as a sentence for people, and what to do about it. */
export interface NoEngine {
  readonly reason: string;
  readonly advice: string;
}

/**
 * V8 ends a process that puts an addon's memory into a startup snapshot. Asked for only under the flags that build one:
 * node:v8 takes a moment to load.
 */
function isBuildingSnapshot(): boolean {
  if (!process.execArgv.some((flag) => /^--(build[-_]|experimental[-_]sea[-_]config)/.test(flag)))
    return false;
  return !!(require('node:v8') as typeof v8).startupSnapshot.isBuildingSnapshot();
}

function find(forced: string | undefined): Addon | NoEngine {
  if (forced === 'libuv') {
    return { reason: 'IOCP_NET_ENGINE=libuv asks for node:net', advice: 'unset IOCP_NET_ENGINE' };
  }
  if (forced && !ENGINES.includes(forced)) {
    const reason = `IOCP_NET_ENGINE=${forced} is none of ${ENGINES.join(', ')}`;
    process.emitWarning(`${reason}; node:net carries everything`, { code: 'IOCP_NET_ENGINE' });
    return { reason, advice: 'correct or unset IOCP_NET_ENGINE' };
  }
  if (isBuildingSnapshot()) {
    return {
      reason: 'a startup snapshot is being built, which cannot hold an addon',
      advice: 'load iocp-net when the snapshot starts: docs/troubleshooting.md',
    };
  }
  let addon: Addon;
  try {
    addon = loadFile(locateAddon()) as Addon;
  } catch (error) {
    const first = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
    return { reason: `the native port did not load (${first})`, advice: adviceFor(error) };
  }
  if (addon.boundary !== BOUNDARY_ID) {
    return {
      reason: 'the native port was built for another version of this package',
      advice: 'install the package again, or build it again: npx iocp-net build',
    };
  }
  if (forced && forced !== addon.name) {
    return {
      reason: `IOCP_NET_ENGINE=${forced} asks for an engine that this system does not have (it has ${addon.name})`,
      advice: 'correct or unset IOCP_NET_ENGINE',
    };
  }
  return addon;
}

let found: Addon | NoEngine | undefined;

/** Loads the addon at the first call, or finds out why there is none and reports it under NODE_DEBUG=iocp-net. */
export function findAddon(): Addon | NoEngine {
  if (found !== undefined) return found;
  found = find(process.env.IOCP_NET_ENGINE);
  if ('reason' in found) debug('node:net carries everything: %s; %s', found.reason, found.advice);
  return found;
}

/** The addon, or the reason why there is none. */
export function loadAddon(): Addon | string {
  const result = findAddon();
  return 'reason' in result ? result.reason : result;
}
