// Listening handles and connections that came from another process, carried by the port where it can.
import { AsyncResource } from 'node:async_hooks';
import { debug } from '../../node/debug.js';
import { define } from '../../node/define.js';
import { handleFor } from '../connection/socket-handle.js';
import { port } from '../engine-port.js';
import { adoptHandle, isDescriptor, type LibuvHandle, type OnConnection } from '../interop/libuv-handles.js';
import { accept, type ServerState } from './accept.js';
import { Acceptor } from './listener-handle.js';

interface Received {
  readonly acceptor: Acceptor;
  /** The handle listens itself again. */
  readonly giveBack: () => void;
}

const received = new WeakMap<LibuvHandle, Received>();

/** Whether the port carries a listening handle that came from another process. */
export function carriesReceived(handle: LibuvHandle): boolean {
  return received.has(handle);
}

/** Another server listens with a handle that the port carries already: it gets the connections. */
export function serveReceivedListener(server: ServerState, handle: LibuvHandle): void {
  received.get(handle)?.acceptor.serve(server);
}

/** The same of a server that stays on libuv. */
export function giveBackReceived(handle: LibuvHandle): void {
  received.get(handle)?.giveBack();
}

/**
 * Listens on the port with a listening handle of libuv's that came from another process. The handle stays the server's
 * `_handle`: the cluster knows it, and it can be sent on. It only no longer listens itself.
 */
export function carryReceivedListener(server: ServerState, handle: LibuvHandle, backlog: number): void {
  const acceptor = new Acceptor(server);
  acceptor.context = new AsyncResource('TCPSERVERWRAP');
  const endpoint = isDescriptor(handle.fd) ? port().adoptListener(handle.fd, true, backlog, acceptor) : -1;
  if (typeof endpoint === 'number') {
    debug('a listener from another process stays with libuv');
    return;
  }
  const { close, unref } = handle;
  unref.call(handle); // the endpoint holds the loop in its place
  let handler: OnConnection | undefined;
  const own: Partial<LibuvHandle> = {
    listen: () => 0,
    close(callback) {
      endpoint.close();
      port().flush();
      close.call(handle, callback);
    },
    ref: () => endpoint.ref(),
    unref: () => endpoint.unref(),
    hasRef: () => endpoint.hasRef(),
  };
  Object.assign(handle, own);
  const giveBack = () => {
    const referenced = endpoint.hasRef();
    endpoint.handOver();
    port().flush();
    received.delete(handle);
    for (const name of [...Object.keys(own), 'onconnection']) Reflect.deleteProperty(handle, name);
    const status = handle.listen(backlog);
    debug('a listener from another process goes back to libuv%s', status === 0 ? '' : ` (error ${status})`);
    if (referenced) handle.ref();
  };
  received.set(handle, { acceptor, giveBack });
  // Who replaces node:net's is called with libuv's handles.
  define(handle, 'onconnection', {
    configurable: true,
    enumerable: true,
    get: () => handler,
    set(next: OnConnection) {
      const before = handler;
      handler = next;
      if (before === undefined || before === next) return;
      giveBack();
      handle.onconnection = next;
    },
  });
}

/**
 * A cluster's worker listens with a stand-in: the primary accepts, and hands on connections. The port carries them
 * where it can; the rest goes where node:net would have it.
 */
export function carryHandedConnections(server: ServerState, standIn: LibuvHandle): void {
  const accepted = standIn.onconnection as OnConnection;
  standIn.onconnection = (error, client) => {
    const endpoint = error || client === undefined ? undefined : adoptHandle(client);
    if (endpoint === undefined) accepted.call(standIn, error, client);
    else accept(server, endpoint, handleFor(endpoint));
  };
}
