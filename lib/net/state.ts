// What a socket of ours keeps beside the fields that node:net shows.
import type { AsyncResource } from 'node:async_hooks';
import type net from 'node:net';
import type { StreamEndpoint } from '../port/endpoint.js';
import { builtin } from './builtin.js';
import { kAsyncId, kTimeout } from './node-symbols.js';
import type { SocketHandle } from './socket-handle.js';

/** The endpoint that carries the socket; null before connect() and after destroy(). */
export const kEndpoint = Symbol('endpoint');
/** What the socket shows as `_handle`; null where node:net has none. It outlives the endpoint's attempts. */
export const kHandle = Symbol('handle');
export const kReading = Symbol('reading');
export const kBytesRead = Symbol('bytesRead');
export const kBytesWritten = Symbol('bytesWritten');
/** The idle timer, where node:net keeps its own: a TLS socket refreshes that of the socket under it. */
export { kAsyncId, kTimeout };
/** Callback of the write that waits for onSent, in the async context of that write. */
export const kWriteCallback = Symbol('writeCallback');
export const kShutdownCallback = Symbol('shutdownCallback');
/** Bytes that were queued when the idle timer last looked: a write that progresses is activity. */
export const kLastQueuedBytes = Symbol('lastQueuedBytes');
/** The handle's async resource: a client's events run in the context of its connect(). */
export const kContext = Symbol('context');
export const kOptions = Symbol('options');
export const kUserBuffer = Symbol('userBuffer');

/** While node:net's own code passes the socket to another process: a libuv handle of the connection, or NO_HANDLE. */
export const kLent = Symbol('lent');
export const NO_HANDLE = Object.freeze({});

// Options that came with Node 22 and 24.
export const hasBlockList = Number.parseInt(process.versions.node, 10) >= 22;
export const hasTypeOfService = 'setTypeOfService' in builtin.Socket.prototype;

export interface UserBuffer {
  buffer: unknown;
  /** Of the buffer when it was given: a shorter one has been transferred since. */
  length: number;
  next: (() => unknown) | null;
  callback: (this: unknown, length: number, buffer: Uint8Array) => unknown;
}

/** Socket options as they were asked for before there was a connection. */
export interface WantedOptions {
  noDelay: boolean;
  keepAlive: boolean;
  keepAliveIdleSeconds: number;
  keepAliveIntervalSeconds: number | undefined;
  keepAliveCount: number | undefined;
  typeOfService: number | undefined;
}

interface ReadableStateView {
  errored: unknown;
  ended: boolean;
  endEmitted: boolean;
}

/** A socket of ours, as the files of this folder see it. */
export interface SocketState {
  [kEndpoint]: StreamEndpoint | null;
  [kReading]: boolean;
  [kBytesRead]: number;
  [kBytesWritten]: number;
  [kHandle]: SocketHandle | null;
  [kAsyncId]: number;
  [kTimeout]: NodeJS.Timeout | null;
  [kWriteCallback]: WriteCallback | null;
  [kShutdownCallback]: WriteCallback | null;
  [kLastQueuedBytes]: number;
  [kContext]: AsyncResource | null;
  [kOptions]: WantedOptions | null;
  [kUserBuffer]: UserBuffer | null;
  [kLent]: object | null;

  connecting: boolean;
  allowHalfOpen: boolean;
  timeout: number | undefined;
  server: net.Server | null;
  blockList?: net.BlockList;
  autoSelectFamilyAttemptedAddresses?: string[];
  resetAndClosing?: boolean;
  _aborted?: boolean;
  _hadError: boolean;
  _parent: SocketState | null;
  _host: string | null;
  _server: (net.Server & { _connections: number; _emitCloseIfDrained?(): void }) | null;
  _closeAfterHandlingError: boolean;
  _pendingData: WriteData | null;
  _pendingEncoding: string;
  _sockname: Partial<net.AddressInfo> | null;
  _peername: Partial<net.AddressInfo> | null;
  _readableState: ReadableStateView;
  readableFlowing: boolean | null;
  /** http's, while it reads the socket. */
  parser?: object | null;
  _unrefTimer(): void;
  _onTimeout(): void;
  _reset(): unknown;
  _read(size: number): void;
  _final(callback: WriteCallback): void;
  _undestroy(): void;
  _getpeername(): Partial<net.AddressInfo>;
  _getsockname(): Partial<net.AddressInfo>;
  _writeGeneric(writev: boolean, data: WriteData, encoding: string, callback: WriteCallback): unknown;
}

export type WriteCallback = (error?: Error | null) => void;
export interface WritevChunk {
  chunk: Buffer | string;
  encoding: BufferEncoding;
}
export type WriteData = Uint8Array | string | (WritevChunk[] & { allBuffers?: boolean });

/** What the methods of Socket.prototype are called on. */
export type ThisSocket = SocketState & Omit<net.Socket, keyof SocketState>;

/** A connection exists or is being made: where node:net has a handle. */
export function hasHandle(socket: SocketState): boolean {
  return socket[kHandle] != null;
}

export function wanted(self: ThisSocket): WantedOptions {
  self[kOptions] ??= {
    noDelay: false,
    keepAlive: false,
    keepAliveIdleSeconds: 0,
    keepAliveIntervalSeconds: undefined,
    keepAliveCount: undefined,
    typeOfService: undefined,
  };
  return self[kOptions];
}
