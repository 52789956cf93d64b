// One attempt to connect: from a target to the handle's connect(), and what comes of it.
import util = require('node:util');

import { builtin } from '../../node/builtin.js';
import {
  errnoException,
  exceptionWithHostPort,
  ipBlocked,
  isWithoutSocket,
  type NetError,
  ofCompletion,
  statusOf,
} from '../../node/errors.js';
import { observeConnect } from '../../node/performance.js';
import { denial } from '../../node/permission.js';
import { hasBlockList } from '../../node/versions.js';
import type { ConnectOptions } from '../../port/opening.js';
import type { ConnectRequest } from '../connection/handle-requests.js';
import type { TCP } from '../connection/socket-handle.js';
import type { WantedOptions } from '../connection/wanted-options.js';
import { kConnection, type ThisSocket } from '../state.js';

const debug = util.debuglog('net');
const isWindows = process.platform === 'win32';
const hasInterval = 'setTypeOfService' in builtin.Socket.prototype;
const EADDRINUSE = statusOf('EADDRINUSE');
const EBADF = statusOf('EBADF');

export interface Target extends ConnectOptions {
  family: 4 | 6 | 0;
}

/** The local end that a socket has which was not bound, or was with less than an address and a port. */
export function localEnd(self: ThisSocket, target: Target, status: number): string {
  const { address, port: portNumber } = self._getsockname();
  const name = target.family === 6 ? 'connect6' : 'connect';
  const handle = self[kConnection].handle ?? {};
  // A pipe has no addresses; otherwise nobody has asked the system, or it has given no socket.
  const refused = isWithoutSocket(status) || builtin.isIP(target.host) !== target.family;
  const none = target.family === 0 || refused || Object.hasOwn(handle, name);
  if (address !== undefined || none) return `${address}:${portNumber}`;
  return `${target.localHost || (target.family === 6 ? '::' : '0.0.0.0')}:${target.localPort || 0}`;
}

export function withLocal(target: Target): Target {
  if (!target.localHost && !target.localPort) return { ...target, localHost: undefined };
  return { ...target, localHost: target.localHost || (target.family === 6 ? '::' : '0.0.0.0') };
}

export function connectError(target: Target, status: number): NetError {
  const portNumber = target.family === 0 ? undefined : target.port;
  const details =
    target.localHost && target.localPort ? `${target.localHost}:${target.localPort}` : undefined;
  const error = exceptionWithHostPort(status, 'connect', target.host, portNumber, details);
  if (details !== undefined) {
    error.localAddress = target.localHost as string;
    error.localPort = target.localPort as number;
  }
  return error;
}

export const shownTarget = (target: Target): [string, number | undefined, number | undefined] =>
  target.family === 0 ? [target.host, undefined, undefined] : [target.host, target.port, target.family];

export function blocked(self: ThisSocket, target: Target): Error | null {
  if (!hasBlockList || target.family === 0) return null;
  if (!self.blockList?.check(target.host, `ipv${target.family}` as 'ipv4')) return null;
  return ipBlocked(target.host);
}

/** Binds the local end if one is wanted. What comes of a connect that this begins is kept for connectHandle(). */
export function bindHandle(self: ThisSocket, target: Target): number {
  const { localHost, localPort = 0 } = target;
  if (localHost === undefined || target.family === 0) return 0;
  // node:net compares it with what the system has bound, which takes 16 bits of it.
  if (localPort > 0 && localPort !== (localPort & 0xffff)) return EADDRINUSE;
  return (self[kConnection].handle as TCP).bindFor({ ...target });
}

type Completed = (status: number, readable: boolean, writable: boolean) => void;

/** Calls the handle's connect(), which may be a program's own by now. 0 or the error number of the call. */
export function connectHandle(self: ThisSocket, target: Target, completed: Completed): number {
  const handle = self[kConnection].handle as TCP | null;
  if (handle === null) return 0; // destroyed by a listener of 'connectionAttempt'
  let observed: (() => void) | undefined;
  const request = new (target.family === 0 ? PipeConnectWrap : TCPConnectWrap)();
  request.address = target.host;
  request.oncomplete = (status, _handle, _request, readable, writable) => {
    completed(status, Boolean(readable), Boolean(writable));
    if (status === 0) observed?.();
  };
  // A program's own connect may return nothing.
  if (target.family === 0) return handle.connect(request, target.host, undefined as never) || 0;
  request.port = target.port;
  request.localAddress = target.localHost;
  request.localPort = target.localPort;
  request.addressType = target.family;
  const status =
    target.family === 6
      ? handle.connect6(request, target.host, target.port)
      : handle.connect(request, target.host, target.port);
  if (!status) observed = observeConnect(target.host, target.port);
  return status || 0;
}

class TCPConnectWrap implements ConnectRequest {
  declare oncomplete: NonNullable<ConnectRequest['oncomplete']>;
  declare address: string;
  declare port: number;
  declare localAddress: string | undefined;
  declare localPort: number | undefined;
  declare addressType: number;
}
class PipeConnectWrap extends TCPConnectWrap {}

export function attempt(self: ThisSocket, wanted: Target): void {
  const target = withLocal(wanted);
  const obstacle = blocked(self, target) ?? denial(target);
  const bound = obstacle === null ? bindHandle(self, target) : 0;
  if (bound !== 0) {
    self.destroy(exceptionWithHostPort(bound, 'bind', target.localHost as string, target.localPort));
    return;
  }
  debug('connect: attempting to connect to %s:%d (addressType: %d)', target.host, target.port, target.family);
  self.emit('connectionAttempt', ...shownTarget(target));
  if (obstacle !== null) {
    self.destroy(obstacle);
    return;
  }
  const status = connectHandle(self, target, (...result) => afterConnect(self, target, ...result));
  if (status !== 0) {
    const { host } = target;
    const portNumber = target.family === 0 ? undefined : target.port;
    self.destroy(exceptionWithHostPort(status, 'connect', host, portNumber, localEnd(self, target, status)));
  }
}

export function afterConnect(
  self: ThisSocket,
  target: Target,
  status: number,
  readable: boolean,
  writable: boolean,
): void {
  if (self.destroyed || !self.connecting) return;
  self.connecting = false;
  self._sockname = null;
  if (status !== 0) {
    const error = ofCompletion(() => connectError(target, status));
    self.emit('connectionAttemptFailed', ...shownTarget(target), error);
    self.destroy(error);
    return;
  }
  // A program that has answered the connect itself may say that only one direction is open.
  if (self.readable && !readable) {
    self.push(null);
    self.read();
  }
  if (self.writable && !writable) self.end();
  self._unrefTimer();
  applyWanted(self);
  self.emit('connect');
  self.emit('ready');
  if (readable && !self.isPaused()) self.read(0);
}

/** Interval and count came with Node 24. */
export function keepAlive(handle: Partial<TCP>, options: WantedOptions): void {
  if (!handle.setKeepAlive) return; // a pipe has none
  const { keepAlive: on, keepAliveIdleSeconds: idleSeconds } = options;
  if (hasInterval)
    handle.setKeepAlive(on, idleSeconds, options.keepAliveIntervalSeconds, options.keepAliveCount);
  else handle.setKeepAlive(on, idleSeconds);
}

function applyWanted(self: ThisSocket): void {
  const { options } = self[kConnection];
  const handle = self[kConnection].handle as (TCP & { setTypeOfService?(value: number): number }) | null;
  if (options === null || handle === null) return;
  if (options.noDelay && handle.setNoDelay) handle.setNoDelay(true);
  if (options.keepAlive) keepAlive(handle, options);
  if (options.typeOfService !== undefined && handle.setTypeOfService) {
    const status = handle.setTypeOfService(options.typeOfService);
    // Windows restricts the field: best effort there, as in node:net.
    if (status !== 0 && status !== EBADF && !isWindows)
      self.emit('error', errnoException(status, 'setTypeOfService'));
  }
}
