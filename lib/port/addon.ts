// Finds the native port, or says why there is none.
import path = require('node:path');

/** Constants of the boundary, as the addon defines them (addon/port/layout.h). */
export interface Layout {
  readonly submissionHead: number;
  readonly submissionTail: number;
  readonly completionHead: number;
  readonly completionTail: number;
  readonly slabUsed: number;
  readonly replyIndex: number;
  readonly replyGeneration: number;
  readonly replyKind: number;
  readonly recordWords: number;
  readonly submissionWords: number;
  readonly submissionCapacity: number;
  readonly completionWords: number;
  readonly completionCapacity: number;
  readonly slabBytes: number;
  readonly arenaBytes: number;
  readonly receiveBytesMax: number;
  readonly largeReceiveBytesMin: number;
  readonly send: number;
  readonly receiveStart: number;
  readonly receiveStop: number;
  readonly shutdown: number;
  readonly close: number;
  readonly acceptStart: number;
  readonly closeGraceful: number;
  readonly closeReset: number;
  readonly closeHandOver: number;
  readonly accepted: number;
  readonly connected: number;
  readonly received: number;
  readonly ended: number;
  readonly receiveFailed: number;
  readonly stalled: number;
  readonly sent: number;
  readonly shut: number;
  readonly closed: number;
  readonly acceptFailed: number;
  readonly receivable: number;
  readonly broken: number;
  /** The status of an operation that would block. */
  readonly again: number;
  readonly optionNoDelay: number;
  readonly optionKeepAlive: number;
  readonly optionSendBufferBytes: number;
  readonly optionReceiveBufferBytes: number;
  readonly optionTypeOfService: number;
  readonly optionPipeMode: number;
  readonly ipv6Only: number;
  readonly reusePort: number;
  readonly adoptListener: number;
  readonly adoptDuplicate: number;
  readonly stageBind: number;
  readonly stageConnect: number;
  readonly kindTcp: number;
  readonly kindPipe: number;
  readonly counters: Readonly<Record<CounterName, number>>;
}

export type CounterName =
  | 'batches'
  | 'completions'
  | 'submissions'
  | 'nativeCalls'
  | 'acceptedEndpoints'
  | 'connectedEndpoints'
  | 'openEndpoints'
  | 'bytesReceived'
  | 'bytesSent'
  | 'receiveCalls'
  | 'sendCalls'
  | 'waitCalls'
  | 'adoptedEndpoints';

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
  send(index: number, generation: number, bytes: Uint8Array | readonly Uint8Array[]): number;
  connectAgain(
    index: number,
    generation: number,
    kind: number,
    host: string,
    port: number,
    family: number,
  ): number;
  receive(index: number, generation: number, bytes: Uint8Array): number;
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
  /** Bytes of a pipe's name that the system takes. */
  readonly pipeNameBytesMax: number;
  readonly layout: Layout;
  /** `dispatch` takes completions; with true it reports what has closed, in the loop's closing phase. */
  open(dispatch: (closing: boolean) => void): NativePort | number;
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
  if (forced && forced !== addon.name) {
    return `IOCP_NET_ENGINE=${forced} asks for an engine that this system does not have (it has ${addon.name})`;
  }
  return addon;
}
