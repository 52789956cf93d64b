// What programs and node:net hand to the calls of a handle, and how those report their end.
import type { SocketHandle } from './socket-handle.js';

type Connected = (
  status: number,
  handle: unknown,
  request: ConnectRequest,
  readable: boolean,
  writable: boolean,
) => void;

/** What connect() of a handle is given, and whose `oncomplete` is called once. */
export interface ConnectRequest {
  oncomplete?: Connected;
  address: string;
  port?: number;
  localAddress?: string | undefined;
  localPort?: number | undefined;
  addressType?: number;
}

/** A connect() that is under way. `request`: what the handle was asked with, for those who list requests. */
export interface Connecting {
  readonly request: ConnectRequest;
  readonly done: (status: number) => void;
}

/** What shutdown() of a handle is given. */
export interface ShutdownRequest {
  oncomplete(status: number): void;
  handle: SocketHandle;
}
