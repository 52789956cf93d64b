// What a socket of ours keeps beside the fields that node:net shows.
import type net from 'node:net';
import { kAsyncId, kTimeout } from '../node/symbols.js';
import type { Connection } from './connection/connection.js';

/** The socket's connection. Undefined on a socket of node:net's, and on one that has moved there. */
export const kConnection = Symbol('connection');
/** The idle timer, where node:net keeps its own: a TLS socket refreshes that of the socket under it. */
export { kAsyncId, kTimeout };

/** Of `lent`: node:net's code is to find no handle. */
export const NO_HANDLE = Object.freeze({});

interface ReadableStateView {
  errored: unknown;
  ended: boolean;
  endEmitted: boolean;
}

/** A socket of ours, as the files of this folder see it. */
export interface SocketState {
  [kConnection]: Connection;
  [kAsyncId]: number;
  [kTimeout]: NodeJS.Timeout | null;

  /** From connect() on, through lookups and further attempts; an endpoint's own is that of one attempt. */
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

/** Whether the port carries this socket, or will once it is connected. */
export function isCarried(value: unknown): value is ThisSocket {
  return typeof value === 'object' && value !== null && (value as ThisSocket)[kConnection] !== undefined;
}
