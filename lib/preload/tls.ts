// tls over the port: its servers take over accepted sockets, and tls.connect() a socket that we connect for it.
import type net from 'node:net';

import tls = require('node:tls');

import { builtin } from '../net/builtin.js';
import { debug } from '../net/debug.js';
import { isCarried, Socket } from '../net/socket.js';
import { kEndpoint, kSecured, type ThisSocket } from '../net/state.js';
import { lendMethods, prepareStreamHandles, registerTaker, showStreamHandle } from '../net/stream-handle.js';
import { like, Replacements } from './replacements.js';

type Options = tls.ConnectionOptions & net.SocketConstructorOpts & { onread?: unknown };
interface TlsInternals {
  _init(this: tls.TLSSocket, socket: unknown, wrap: unknown): void;
}

const { _normalizeArgs: normalizeArgs } = builtin as unknown as {
  _normalizeArgs(args: unknown[]): [Options, (() => void) | null];
};
const builtinCreateSecureContext = tls.createSecureContext;
const builtinConnect = tls.connect as (...args: unknown[]) => tls.TLSSocket;

function normalizeConnectArgs(args: unknown[]): [Options, (() => void) | null] {
  const [options, callback] = normalizeArgs(args);
  const more = args[1] !== null && typeof args[1] === 'object' ? args[1] : args[2];
  return [Object.assign(options, more), callback];
}

const FORWARDED = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connectionAttemptTimeout',
  'ready',
];

function connect(...args: unknown[]): tls.TLSSocket {
  const [options, callback] = normalizeConnectArgs(args);
  if (options.socket) {
    if (isCarried(options.socket)) showStreamHandle(options.socket);
    return builtinConnect(...args);
  }
  if (options.onread) {
    // tls drops `onread` when it is handed a socket.
    debug('tls client: libuv, as `onread` works on its sockets only');
    return builtinConnect(...args);
  }
  const raw = new Socket({ allowHalfOpen: Boolean(options.allowHalfOpen) }) as unknown as ThisSocket;
  raw.connecting = true; // so that the handshake waits for 'connect'
  showStreamHandle(raw);
  const secured = builtinConnect({ ...options, socket: raw }, ...(callback === null ? [] : [callback]));
  speakFor(raw, secured);
  if (options.timeout) secured.setTimeout(options.timeout);
  raw.connecting = false;
  try {
    (raw as unknown as net.Socket).connect(options as unknown as net.NetConnectOpts);
  } catch (error) {
    secured.on('error', () => {}).destroy();
    throw error;
  }
  return secured;
}

/** What happens to a socket that only tls knows of is told as the TLSSocket's own. */
function speakFor(raw: ThisSocket, secured: tls.TLSSocket): void {
  for (const event of FORWARDED) raw.on(event, (...args) => secured.emit(event, ...args));
  const destroy = raw.destroy as (error?: Error) => unknown;
  (raw as { destroy: unknown }).destroy = (error?: Error) => {
    if (error && !secured.destroyed) secured.destroy(error);
    else destroy.call(raw, error);
    return raw;
  };
  for (const key of ['_host', 'autoSelectFamilyAttemptedAddresses'] as const) {
    Object.defineProperty(secured, key, {
      get: () => raw[key],
      set(value) {
        Object.defineProperty(secured, key, { value, enumerable: true, writable: true, configurable: true });
      },
      enumerable: true,
      configurable: true,
    });
  }
}

const { _init: builtinInit } = tls.TLSSocket.prototype as unknown as TlsInternals;

/** The step of TLSSocket's constructor that knows both sides. */
function init(this: tls.TLSSocket, socket: unknown, wrap: unknown): void {
  builtinInit.call(this, socket, wrap);
  if (!isCarried(socket)) return;
  socket[kSecured] = this;
  if (wrap !== socket) {
    // Wrapped by Node (JSStreamSocket), which takes a socket without a handle for one that is not connected.
    (this as { connecting: boolean }).connecting = socket.connecting || socket[kEndpoint] === null;
    lendMethods((wrap as { _handle: object })._handle, socket);
  }
}

const BuiltinTLSSocket = tls.TLSSocket;

/** TLSSocket's constructor, which has to find a handle in a socket of ours. Called as node's: with `new` or without. */
function TLSSocket(this: unknown, socket: unknown, options: unknown): unknown {
  if (isCarried(socket)) showStreamHandle(socket);
  if (new.target !== undefined) {
    const made = new.target === (TLSSocket as unknown) ? BuiltinTLSSocket : new.target;
    return Reflect.construct(BuiltinTLSSocket, [socket, options], made);
  }
  return (BuiltinTLSSocket as unknown as (...args: unknown[]) => unknown).call(this, socket, options);
}
TLSSocket.prototype = BuiltinTLSSocket.prototype;
Object.setPrototypeOf(TLSSocket, Object.getPrototypeOf(BuiltinTLSSocket) as object);

const connectOverPort = like(builtinConnect, connect);

/** Runs a call, in which tls.connect() goes over the port, without a lasting change. */
export function duringOurConnect<T>(call: () => T): T {
  prepareTls();
  const replacements = new Replacements();
  replacements.value(tls, 'connect', connectOverPort);
  try {
    return call();
  } finally {
    replacements.restore();
  }
}

let prepared = false;

/** Tells the facade which servers hand their sockets to tls, and where its native streams come from. */
export function prepareTls(): void {
  if (prepared) return;
  prepared = true;
  prepareStreamHandles(builtinCreateSecureContext);
  registerTaker(tls.Server.prototype);
}

export function installTls(replacements: Replacements): void {
  prepareTls();
  replacements.value(tls, 'connect', connectOverPort);
  replacements.value(tls, 'TLSSocket', like(BuiltinTLSSocket, TLSSocket));
  replacements.value(tls.TLSSocket.prototype, '_init', like(builtinInit, init));
}
