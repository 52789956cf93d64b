// Handles of libuv's beside the port's endpoints: which of them the port may carry, and how to make one of them from a
// descriptor. On systems where sockets have no descriptors that can be duplicated, the port carries none.

import { builtin } from '../../node/builtin.js';
import { debug } from '../../node/debug.js';
import type { StreamEndpoint } from '../../port/endpoint.js';
import { port } from '../engine-port.js';

/** A TCP or Pipe object of Node's, as far as it is used here. */
export interface LibuvHandle {
  readonly fd?: number;
  onconnection?: OnConnection;
  listen(backlog: number): number;
  close(callback?: () => void): void;
  ref(): void;
  unref(): void;
  hasRef(): boolean;
  getsockname?(out: object): number;
}

export type OnConnection = (this: unknown, error: number, client: LibuvHandle | undefined) => void;

type CreateServerHandle = (
  address: string | null,
  port: number | null,
  addressType: number | null,
  fd?: number,
  flags?: number,
) => LibuvHandle | number;

/** Descriptors that every process has open, and that its other parts use too: libuv's, as in node:net. */
const STANDARD_STREAM_MAX = 2;

export const createServerHandle = (builtin as unknown as { _createServerHandle: CreateServerHandle })
  ._createServerHandle;

/** The libuv handle of a descriptor, which belongs to it from then on; or one of libuv's error numbers. */
export function handleOf(descriptor: number): LibuvHandle | number {
  return createServerHandle(null, null, null, descriptor);
}

export const isDescriptor = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > STANDARD_STREAM_MAX && value < 2 ** 31;

/** Carries a connected socket by its descriptor. A number is one of libuv's error numbers. */
export function adoptDescriptor(descriptor: number): StreamEndpoint | number {
  const endpoint = port().adoptStream(descriptor, false);
  if (typeof endpoint === 'number') debug('descriptor %d stays with libuv (error %d)', descriptor, endpoint);
  return endpoint;
}

/** Carries the connection of a libuv handle, which is closed; undefined leaves it as it was. */
export function adoptHandle(handle: LibuvHandle): StreamEndpoint | undefined {
  if (!isDescriptor(handle.fd)) {
    debug('a connection from another process stays with libuv: it has no descriptor here');
    return undefined;
  }
  const endpoint = port().adoptStream(handle.fd, true);
  if (typeof endpoint === 'number') {
    debug('a connection from another process stays with libuv (error %d)', endpoint);
    return undefined;
  }
  handle.close();
  return endpoint;
}

// Handles that came from another process for a net.Socket or net.Server: nobody else knows them yet.
const received = new WeakSet<object>();

export function noteReceived(handle: object): void {
  received.add(handle);
}

/** Whether the handle came from another process and belongs to nobody; asked once. */
export function takeReceived(handle: unknown): handle is LibuvHandle {
  return typeof handle === 'object' && handle !== null && received.delete(handle);
}
