// net.Server over the port. node:net's own Server does everything that is about arguments, lookups, events and
// closing; only the handle that it listens with is ours, and so are the sockets that come out of it.
import diagnosticsChannel = require('node:diagnostics_channel');

import { EventEmitter } from 'node:events';
import type net from 'node:net';
import { builtin } from '../../node/builtin.js';
import { debug } from '../../node/debug.js';
import { define, defineAll } from '../../node/define.js';
import { statusOf } from '../../node/errors.js';
import { mayUseNet } from '../../node/permission.js';
import { pipeName } from '../connection/pipe-name.js';
import { port } from '../engine-port.js';
import { isDescriptor, type LibuvHandle, takeReceived } from '../interop/libuv-handles.js';
import type { ServerState } from './accept.js';
import { readsInJavaScript, takesLibuvStreams } from './libuv-servers.js';
import { ListenerHandle, TCP_IPV6ONLY, TCP_REUSEPORT } from './listener-handle.js';
import {
  carriesReceived,
  carryHandedConnections,
  carryReceivedListener,
  giveBackReceived,
  serveReceivedListener,
} from './received-listeners.js';
import { serverTransferMethods } from './server-transfer.js';

const EADDRINUSE = statusOf('EADDRINUSE');
const BACKLOG = 511;

/** Whatever a program has given, as C++ takes it. */
const backlogOf = (given: unknown) => Number(given || BACKLOG) | 0;

type Listen2 = (
  this: ServerState,
  address: string | null,
  port: number | null,
  addressType: number | null,
  backlog: number | undefined,
  fd: number | undefined,
  flags: number | undefined,
) => void;

const listening = diagnosticsChannel.tracingChannel('net.server.listen');
const builtinListen = builtin.Server.prototype.listen as (this: unknown, ...args: unknown[]) => unknown;
const builtinListen2 = (builtin.Server.prototype as unknown as { _listen2: Listen2 })._listen2;

/**
 * Server.prototype._listen2: the last step of listen(), after names and clusters. node:net keeps it under this name
 * "to avoid breaking code that wraps this method": with a handle in place it listens on that.
 */
export const listen2: Listen2 = function (address, portNumber, addressType, backlog, fd, flags) {
  const given = this._handle as LibuvHandle | ListenerHandle | null;
  if (takesLibuvStreams(this)) {
    if (given instanceof ListenerHandle) given.toLibuv();
    else if (given) giveBackReceived(given);
    builtinListen2.call(this, address, portNumber, addressType, backlog, fd, flags);
    if (debug.enabled && this._handle)
      reportCarrier(this, 'libuv, as its sockets are read and written in C++');
    return;
  }
  if (given) {
    if (given instanceof ListenerHandle) given.serve(this);
    else if (takeReceived(given)) carryReceivedListener(this, given, backlogOf(backlog));
    else serveReceivedListener(this, given);
  } else if (typeof fd === 'number') {
    if (isDescriptor(fd)) {
      const handle = ListenerHandle.adopt(this, fd, backlogOf(backlog));
      // What the port cannot carry, and what is no socket at all, node:net listens on or words the error of.
      if (handle.bindStatus === 0) this._handle = handle;
      else handle.close();
    }
  } else if (mayUseNet()) {
    const bits = flags ?? 0;
    const common = {
      backlog: backlogOf(backlog),
      ipv6Only: (bits & TCP_IPV6ONLY) !== 0,
      reusePort: (bits & TCP_REUSEPORT) !== 0,
    };
    if (portNumber === -1 && addressType === -1) {
      this._handle = ListenerHandle.listenOn(this, {
        ...common,
        host: pipeName(address as string),
        port: 0,
        family: 0,
      });
    } else if (address) {
      const family = addressType === 6 ? 6 : 4;
      this._handle = ListenerHandle.listenOn(this, {
        ...common,
        host: address,
        port: portNumber ?? 0,
        family,
      });
    } else {
      // No host: IPv6 with IPv4 in it, or IPv4 alone where the system has no IPv6.
      const any6 = ListenerHandle.listenOn(this, { ...common, host: '::', port: portNumber ?? 0, family: 6 });
      const six = any6.bindStatus === 0 || any6.bindStatus === EADDRINUSE;
      if (!six) any6.close();
      address = six ? '::' : '0.0.0.0';
      addressType = six ? 6 : 4;
      this._handle = six
        ? any6
        : ListenerHandle.listenOn(this, { ...common, host: address, port: portNumber ?? 0, family: 4 });
    }
  }
  builtinListen2.call(this, address, portNumber, addressType, backlog, fd, flags);
  if (debug.enabled && this._handle) {
    const { _handle: handle } = this;
    const carried = handle instanceof ListenerHandle || carriesReceived(handle as LibuvHandle);
    reportCarrier(this, carried ? `the ${port().name} port` : 'libuv, as it was given a handle of it');
  }
  // The stand-in that a cluster's worker gets is no object of libuv's.
  if (given && this._handle === given && Object.getPrototypeOf(given) === Object.prototype) {
    carryHandedConnections(this, given as LibuvHandle);
  }
};

/** Server.prototype.listen with the one argument that node:net would not know: a server that listens on the port. */
export function listen(this: ServerState, ...args: unknown[]): unknown {
  const given = args[0] as { _handle?: unknown; handle?: unknown } | null | undefined;
  const handle = given?._handle || given?.handle || given;
  if (!(handle instanceof ListenerHandle) || this._handle) return builtinListen.apply(this, args);
  if (listening.asyncStart.hasSubscribers) listening.asyncStart.publish({ server: this, options: handle });
  const callback = args.at(-1);
  if (typeof callback === 'function') this.once('listening', callback as () => void);
  this._handle = handle;
  listen2.call(this, null, -1, -1, undefined, undefined, undefined);
  return this;
}

for (const [ours, theirs] of [
  [listen2, builtinListen2],
  [listen, builtinListen],
]) {
  define(ours, 'name', { value: theirs?.name, configurable: true });
}

function reportCarrier(server: ServerState, carrier: string): void {
  const address = server.address();
  const where = typeof address === 'object' && address ? `${address.address}:${address.port}` : address;
  debug('%s on %s: %s', server.constructor.name, where, carrier);
}

function ServerFunction(this: ServerState, options?: unknown, listener?: unknown): unknown {
  const base = builtin.Server as unknown as (this: unknown, options: unknown, listener: unknown) => unknown;
  // http.Server and the like call their base's constructor by the exported name: they are node:net's servers too.
  if ((this as unknown) instanceof builtin.Server) return base.call(this, options, listener);
  return Reflect.construct(Server, [options, listener]);
}

export const Server = ServerFunction as unknown as typeof net.Server &
  ((options?: net.ServerOpts, listener?: (socket: net.Socket) => void) => net.Server);
define(Server, 'name', { value: 'Server' });
const { constructor: _constructor, ...inherited } = Object.getOwnPropertyDescriptors(
  builtin.Server.prototype,
);
readsInJavaScript(Server.prototype);
defineAll(Server.prototype, inherited);
Object.setPrototypeOf(Server.prototype, builtin.Server.prototype);
Object.setPrototypeOf(Server, EventEmitter);
(Server.prototype as unknown as { _listen2: Listen2 })._listen2 = listen2;
(Server.prototype as unknown as { listen: typeof listen }).listen = listen;
defineAll(Server.prototype, serverTransferMethods);
define(Server, Symbol.hasInstance, {
  value(this: unknown, value: unknown) {
    if (this === Server) return value instanceof builtin.Server;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  },
});
