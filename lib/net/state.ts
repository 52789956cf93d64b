// What a socket of ours keeps beside the fields that node:net shows.
import type { AsyncResource } from 'node:async_hooks';
import type net from 'node:net';
import type { StreamEndpoint } from '../port/endpoint.js';
import type { IdleTimer } from './idle-timers.js';

/** The endpoint that carries the socket; null before connect() and after destroy(). */
export const kEndpoint = Symbol('endpoint');
export const kReading = Symbol('reading');
export const kBytesRead = Symbol('bytesRead');
export const kBytesWritten = Symbol('bytesWritten');
export const kIdleTimer = Symbol('idleTimer');
/** Callback of the write that waits for onSent, in the async context of that write. */
export const kWriteCallback = Symbol('writeCallback');
export const kShutdownCallback = Symbol('shutdownCallback');
/** Bytes that were queued when the idle timer last looked: a write that progresses is activity. */
export const kLastQueuedBytes = Symbol('lastQueuedBytes');
export const kUnreferenced = Symbol('unreferenced');
/** The async context of connect(): a client's events run in it. */
export const kContext = Symbol('context');
export const kOptions = Symbol('options');
export const kUserBuffer = Symbol('userBuffer');
/** Told when the endpoint has closed; set by destroy(). */
export const kOnClosed = Symbol('onClosed');

/** A libuv handle of the same connection, while node:net's own code passes it to another process. */
export const kLent = Symbol('lent');

export interface UserBuffer {
  buffer: Uint8Array | null;
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
  ended: boolean;
  endEmitted: boolean;
}

/** A socket of ours, as the files of this folder see it. */
export interface SocketState {
  [kEndpoint]: StreamEndpoint | null;
  [kReading]: boolean;
  [kBytesRead]: number;
  [kBytesWritten]: number;
  [kIdleTimer]: IdleTimer | null;
  [kWriteCallback]: WriteCallback | null;
  [kShutdownCallback]: WriteCallback | null;
  [kLastQueuedBytes]: number;
  [kUnreferenced]: boolean;
  [kContext]: AsyncResource | null;
  [kOptions]: WantedOptions | null;
  [kUserBuffer]: UserBuffer | null;
  [kOnClosed]: (() => void) | null;
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
  return socket[kEndpoint] != null || socket.connecting;
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
