// Socket.prototype.connect: names to addresses, addresses to attempts, the first attempt that stands to a connection.
import diagnosticsChannel = require('node:diagnostics_channel');

import type dns from 'node:dns';
import type net from 'node:net';

import util = require('node:util');

import { builtin } from '../../node/builtin.js';
import { probeConnect } from '../../node/connect-probe.js';
import {
  attemptsFailed,
  connectionTimeout,
  exceptionWithHostPort,
  invalidAddressFamily,
  invalidIpAddress,
  type NetError,
  ofCompletion,
  statusOf,
} from '../../node/errors.js';
import { denial } from '../../node/permission.js';
import { publishesInCreateConnection } from '../../node/versions.js';
import { clearTimeout, setTimeout } from '../../port/clock.js';
import { Pipe, TCP } from '../connection/socket-handle.js';
import { UserBufferSink } from '../sinks/user-buffer-sink.js';
import { kConnection, type ThisSocket } from '../state.js';
import {
  afterConnect,
  attempt,
  bindHandle,
  blocked,
  connectError,
  connectHandle,
  localEnd,
  shownTarget,
  type Target,
  withLocal,
} from './attempt.js';

const debug = util.debuglog('net');
const clientSocketChannel = diagnosticsChannel.channel('net.client.socket');
const isWindows = process.platform === 'win32';
const ECANCELED = statusOf('ECANCELED');
const ETIMEDOUT = statusOf('ETIMEDOUT');
const ATTEMPT_TIMEOUT_MIN_MS = 10;

type Options = net.NetConnectOpts &
  Partial<net.TcpNetConnectOpts & net.IpcNetConnectOpts> & { blockList?: net.BlockList };
type Normalized = [Options, (() => void) | null];

const { _normalizeArgs: normalizeArgs } = builtin as unknown as {
  _normalizeArgs(args: unknown[]): Normalized;
};
const [normalizedArgs] = Object.getOwnPropertySymbols(normalizeArgs([])) as [symbol];

export function publishClientSocket(socket: unknown): void {
  if (clientSocketChannel.hasSubscribers) clientSocketChannel.publish({ socket });
}

export function connect(self: ThisSocket, args: unknown[], pristineWrite: unknown): ThisSocket {
  const first = args[0] as Normalized & Record<symbol, unknown>;
  const normalized = Array.isArray(first) && first[normalizedArgs] ? first : normalizeArgs(args);
  const [options, callback] = normalized;

  if (!publishesInCreateConnection) publishClientSocket(self);
  if (callback !== null) self.once('connect', callback);
  if (self._parent?.connecting) return self;
  if (options.port === undefined && options.path == null) {
    judgeConnect(options); // ERR_MISSING_ARGS
  }

  const writable = self as unknown as { write: unknown };
  if (writable.write !== pristineWrite) writable.write = pristineWrite;
  if (self.destroyed) {
    self[kConnection].letGo();
    self._peername = null;
    self._sockname = null;
  }
  if (self[kConnection].handle === null) {
    self[kConnection].next().take(options.path ? new Pipe(self) : new TCP(self));
    self._undestroy();
    self._sockname = null;
  }
  UserBufferSink.of(self[kConnection])?.renew();
  self._unrefTimer();
  self.connecting = true;

  if (options.path) {
    if (typeof options.path !== 'string') judgeConnect(options);
    attempt(self, { host: options.path, port: 0, family: 0, localHost: undefined, localPort: undefined });
  } else {
    lookupAndConnect(self, options);
  }
  return self;
}

// ---- options ----

const isInt32 = (value: unknown) => Number.isInteger(value) && Math.abs(value as number) <= 2 ** 31 - 1;

function isPort(value: unknown): boolean {
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return false;
  return Number(value) === Number(value) >>> 0 && Number(value) <= 0xffff;
}

/** Whether node:net has a reason to throw; which one, it says itself. */
function isSuspicious(options: Options, host: unknown): boolean {
  const { localAddress, localPort, autoSelectFamily, autoSelectFamilyAttemptTimeout, lookup } = options;
  return (
    typeof host !== 'string' ||
    host.includes('\0') ||
    Boolean(localAddress && !builtin.isIP(localAddress)) ||
    Boolean(localPort && typeof localPort !== 'number') ||
    (options.port !== undefined && !isPort(options.port)) ||
    (autoSelectFamily != null && typeof autoSelectFamily !== 'boolean') ||
    (autoSelectFamilyAttemptTimeout != null &&
      !(isInt32(autoSelectFamilyAttemptTimeout) && autoSelectFamilyAttemptTimeout >= 1)) ||
    (lookup != null && typeof lookup !== 'function')
  );
}

function validate(options: Options, host: unknown): void {
  if (isSuspicious(options, host)) judgeConnect(options);
}

/** Has node:net throw what it throws for these options, if it does. */
function judgeConnect(options: Options): void {
  // What node:net does not refuse goes no further: names are looked up by us, once.
  const wrong = options.lookup != null && typeof options.lookup !== 'function';
  const lookup = { __proto__: null, value: () => {} };
  // Whatever the options inherit counts. The descriptor inherits nothing: a program may have put `get` on Object.prototype.
  probeConnect(wrong ? options : Object.create(options, { __proto__: null, lookup } as never));
}

function lookupAndConnect(self: ThisSocket, options: Options): void {
  const { localAddress, localPort } = options;
  const host = options.host || 'localhost';
  validate(options, host);
  const portNumber = Number(options.port ?? 0) | 0;
  const autoSelectFamily = options.autoSelectFamily ?? builtin.getDefaultAutoSelectFamily();
  const attemptTimeoutMs = Math.max(
    ATTEMPT_TIMEOUT_MIN_MS,
    options.autoSelectFamilyAttemptTimeout ?? builtin.getDefaultAutoSelectFamilyAttemptTimeout(),
  );

  const family = builtin.isIP(host);
  if (family !== 0) {
    const next = () => {
      if (!self.connecting) return;
      const target = { host, port: portNumber, family: family as 4 | 6 };
      attempt(self, { ...target, localHost: localAddress, localPort });
    };
    // Triggered by the socket.
    self[kConnection].handle?.asyncContext.runInAsyncScope(process.nextTick, process, next);
    return;
  }

  const named = options.family as unknown;
  const query: dns.LookupOptions & { all?: boolean } = {
    family: (named === 'IPv4' ? 4 : named === 'IPv6' ? 6 : named) as number,
    hints: options.hints || 0,
  };
  const anyFamily = query.family !== 4 && query.family !== 6;
  // As late as node:net loads it.
  const { ADDRCONFIG, lookup: usualLookup } = require('node:dns') as typeof dns;
  if (!isWindows && anyFamily && query.hints === 0) query.hints = ADDRCONFIG;
  debug('connect: find host', host);
  debug('connect: dns options', query);
  self._host = host;
  const lookup = (options.lookup || usualLookup) as typeof dns.lookup;
  if (anyFamily && !localAddress && autoSelectFamily) {
    query.all = true;
    lookup(host, query as dns.LookupAllOptions, (error, addresses) =>
      afterLookupAll(self, error, addresses, {
        host,
        options,
        port: portNumber,
        localPort,
        attemptTimeoutMs,
      }),
    );
    return;
  }
  lookup(host, query as dns.LookupOneOptions, (error, address, addressFamily) => {
    self.emit('lookup', error, address, addressFamily, host);
    if (!self.connecting) return;
    const problem = error ?? addressProblem(address, addressFamily, options);
    if (problem) {
      process.nextTick(() => self.destroy(problem));
      return;
    }
    self._unrefTimer();
    attempt(self, {
      host: address,
      port: portNumber,
      family: addressFamily as 4 | 6,
      localHost: localAddress,
      localPort,
    });
  });
}

function addressProblem(address: unknown, family: unknown, options: Options): Error | null {
  if (typeof address !== 'string' || !builtin.isIP(address)) return invalidIpAddress(address);
  if (family !== 4 && family !== 6) return invalidAddressFamily(family, options.host, options.port);
  return null;
}

// ---- several attempts: families in turn, each with a time of its own (RFC 8305) ----

interface Family {
  host: string;
  options: Options;
  port: number;
  localPort: number | undefined;
  attemptTimeoutMs: number;
}

interface Attempts extends Family {
  targets: Target[];
  current: number;
  errors: NetError[];
  timer: NodeJS.Timeout | undefined;
}

function afterLookupAll(
  self: ThisSocket,
  error: Error | null,
  addresses: dns.LookupAddress[],
  family: Family,
): void {
  if (!self.connecting) return;
  if (error) {
    self.emit('lookup', error, undefined, undefined, family.host);
    process.nextTick(() => self.destroy(error));
    return;
  }
  const groups: Target[][] = [[], []];
  let firstFamily = 0;
  for (const { address, family: addressFamily } of addresses) {
    self.emit('lookup', error, address, addressFamily, family.host);
    if (!self.connecting) return;
    if (!builtin.isIP(address) || (addressFamily !== 4 && addressFamily !== 6)) continue;
    firstFamily ||= addressFamily;
    const group = groups[addressFamily === firstFamily ? 0 : 1] as Target[];
    if (!group.some((target) => target.host === address)) {
      const { port: to, localPort } = family;
      group.push({ host: address, port: to, family: addressFamily, localHost: undefined, localPort });
    }
  }
  const [preferred, other] = groups as [Target[], Target[]];
  if (preferred.length === 0) {
    const problem = addressProblem(addresses[0]?.address, addresses[0]?.family, family.options);
    if (problem) process.nextTick(() => self.destroy(problem));
    return;
  }
  const targets: Target[] = [];
  for (let i = 0; i < Math.max(preferred.length, other.length); i++) {
    if (i < preferred.length) targets.push(preferred[i] as Target);
    if (i < other.length) targets.push(other[i] as Target);
  }
  self._unrefTimer();
  if (targets.length === 1) {
    const target = targets[0] as Target;
    attempt(self, { ...target, localHost: family.options.localAddress });
    return;
  }
  self.autoSelectFamilyAttemptedAddresses = [];
  debug('connect/multiple: will try the following addresses', targets);
  attemptNext(self, { ...family, targets, current: 0, errors: [], timer: undefined }, false);
}

function attemptNext(self: ThisSocket, attempts: Attempts, canceled: boolean): void {
  clearTimeout(attempts.timer);
  if (self._aborted) return;
  if (canceled || attempts.current === attempts.targets.length) {
    self.destroy(attempts.errors.length === 0 ? connectionTimeout() : attemptsFailed(attempts.errors));
    return;
  }
  const at = attempts.current++;
  const target = withLocal(attempts.targets[at] as Target);
  const shown = shownTarget(target);
  const fail = (error: NetError) => {
    attempts.errors.push(error);
    self.emit('connectionAttemptFailed', ...shown, error);
    attemptNext(self, attempts, false);
  };
  if (at > 0) {
    // The attempt before has failed or run out of time.
    self[kConnection].handle?.close();
    self[kConnection].next().take(new TCP(self));
  }

  const obstacle = blocked(self, target);
  const bound = obstacle === null ? bindHandle(self, target) : 0;
  if (bound !== 0) {
    attempts.errors.push(exceptionWithHostPort(bound, 'bind', target.localHost as string, target.localPort));
    attemptNext(self, attempts, false);
    return;
  }
  if (obstacle !== null) {
    fail(obstacle);
    return;
  }
  const denied = denial(target);
  if (denied !== null) {
    debug('connect/multiple: attempting to connect to %s:%d (addressType: %d)', ...shown);
    self.emit('connectionAttempt', ...shown);
    self.autoSelectFamilyAttemptedAddresses?.push(`${target.host}:${target.port}`);
    fail(denied as NetError);
    return;
  }
  let over = false;
  debug('connect/multiple: attempting to connect to %s:%d (addressType: %d)', ...shown);
  self.emit('connectionAttempt', ...shown);
  self.autoSelectFamilyAttemptedAddresses?.push(`${target.host}:${target.port}`);
  const { handle } = self[kConnection];
  const status = connectHandle(self, target, (...result) => {
    if (over) return;
    over = true;
    afterAttempt(self, attempts, at, target, ...result);
  });
  if (status !== 0) {
    fail(exceptionWithHostPort(status, 'connect', target.host, target.port, localEnd(self, target, status)));
    return;
  }
  if (!self.connecting || at >= attempts.targets.length - 1) return;
  attempts.timer = setTimeout(() => {
    if (over) return;
    over = true;
    self.emit('connectionAttemptTimeout', ...shown);
    attempts.errors.push(ofCompletion(() => connectError(target, ETIMEDOUT)));
    handle?.close();
    if (self.connecting) attemptNext(self, attempts, false);
  }, attempts.attemptTimeoutMs);
}

function afterAttempt(
  self: ThisSocket,
  attempts: Attempts,
  at: number,
  target: Target,
  status: number,
  readable: boolean,
  writable: boolean,
): void {
  clearTimeout(attempts.timer);
  if (status === 0 && (self.destroyed || at !== attempts.current - 1)) return;
  if (status === 0) {
    afterConnect(self, target, status, readable, writable);
    return;
  }
  const error = ofCompletion(() => connectError(target, status));
  attempts.errors.push(error);
  self.emit('connectionAttemptFailed', ...shownTarget(target), error);
  if (self.connecting) attemptNext(self, attempts, status === ECANCELED);
}
