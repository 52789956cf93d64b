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

/** What shutdown() of a handle is given. */
export interface ShutdownRequest {
  oncomplete(status: number): void;
  handle: SocketHandle;
}
