// Sockets and servers of ours on their way to another process: subprocess.send(message, socket), and a socket as a
// child's stdio. child_process sends libuv handles; it is lent one for each of ours.
import type { ChildProcess } from 'node:child_process';

import diagnosticsChannel = require('node:diagnostics_channel');

import { builtin } from '../../node/builtin.js';
import { debug } from '../../node/debug.js';
import { define } from '../../node/define.js';
import { ListenerHandle } from '../server/listener-handle.js';
import { Socket } from '../socket/socket.js';
import { isCarried, kConnection, NO_HANDLE, type ThisSocket } from '../state.js';
import { noteAnswered, noteHandedOver } from './handed-connections.js';
import { handleOf, type LibuvHandle, noteReceived } from './libuv-handles.js';

type Done = (error: Error | null) => void;
interface SendOptions {
  keepOpen?: boolean;
  swallowErrors?: boolean;
}
type Send = (
  this: Channel,
  message: unknown,
  handle?: unknown,
  options?: SendOptions | boolean,
  callback?: Done,
) => boolean;
interface Channel extends NodeJS.EventEmitter {
  _send: Send;
  _handleQueue: unknown[] | null;
  spawn?(options: { stdio?: unknown }): unknown;
}
interface HandleMessage {
  cmd?: string;
  type?: string;
  msg?: { cmd?: string };
}

let watching = false;

/** Watches the processes of this one: those it forks from now on, and the one that has forked it. */
export function passHandles(): void {
  if (watching) return;
  watching = true;
  const parent = process as unknown as Channel;
  if (typeof parent._send === 'function') {
    parent._send = sending(parent._send);
    parent.prependListener('internalMessage', noteHandle);
  }
  diagnosticsChannel.subscribe('child_process', (message) => {
    watch((message as { process: ChildProcess }).process as unknown as Channel);
  });
}

/** A child's `_send` comes to be when it is spawned with a channel. */
function watch(child: Channel): void {
  const put = (key: string, value: unknown, enumerable: boolean) =>
    define(child, key, { value, enumerable, writable: true, configurable: true });
  define(child, '_send', {
    configurable: true,
    enumerable: false,
    get: () => undefined,
    set(send: Send) {
      put('_send', sending(send), true);
      child.prependListener('internalMessage', noteHandle);
      child.prependListener('internalMessage', (message) => noteAnswered(child, message));
    },
  });
  const spawn = child.spawn as NonNullable<Channel['spawn']>;
  put(
    'spawn',
    (options: { stdio?: unknown }) => {
      delete child.spawn;
      return spawning(child, spawn, options);
    },
    false,
  );
}

/** Handles that Node makes sockets and servers of, and those that a cluster's worker is to listen on. */
function noteHandle(message: HandleMessage, handle: unknown): void {
  if (message.cmd !== 'NODE_HANDLE' || typeof handle !== 'object' || handle === null) return;
  const { type, msg } = message;
  const cluster = type === 'net.Native' && msg?.cmd === 'NODE_CLUSTER';
  if (type === 'net.Socket' || type === 'net.Server' || cluster) noteReceived(handle);
}

/** The connection of a socket of ours, or the listener of a server, as a handle of libuv's. */
interface Loan {
  handle: LibuvHandle;
  lent: boolean;
  /** What child_process is to be given: the socket or server itself, for a bare handle its libuv handle. */
  object: unknown;
  /** What the handle was lent to has taken it over; otherwise it is closed when it was sent. */
  end(): 'taken' | 'back';
}

function lend(object: unknown): Loan | undefined {
  if (Object.prototype.isPrototypeOf.call(Socket.prototype, object as object)) {
    return lendSocket(object as ThisSocket);
  }
  if (object instanceof ListenerHandle) {
    const loan = object.toSend();
    return loan === undefined ? undefined : { ...loan, object: loan.handle, end: () => 'back' };
  }
  if (object instanceof builtin.Server) {
    const server = object as unknown as { _handle: unknown };
    if (server._handle instanceof ListenerHandle) return lendServer(server, server._handle);
  }
  return undefined;
}

function lendSocket(socket: ThisSocket): Loan | undefined {
  const connection = socket[kConnection];
  const endpoint = connection?.endpoint;
  if (endpoint == null || connection.lent !== null) return undefined; // none of the port's, or lent already
  const descriptor = endpoint.duplicate();
  const handle = descriptor < 0 ? descriptor : handleOf(descriptor);
  if (typeof handle === 'number') {
    debug('a connection cannot be passed to another process here (error %d)', handle);
    return undefined;
  }
  handle.unref();
  connection.lend(handle);
  return {
    handle,
    lent: true,
    object: socket,
    end() {
      return connection.takeBack() ? 'back' : 'taken';
    },
  };
}

function lendServer(server: { _handle: unknown }, listener: ListenerHandle): Loan | undefined {
  const loan = listener.toSend();
  if (loan === undefined) return undefined;
  if (loan.lent) loan.handle.unref();
  server._handle = loan.handle;
  return {
    ...loan,
    object: server,
    end() {
      server._handle = listener;
      return 'back';
    },
  };
}

/** A socket of ours that cannot be lent has no handle for child_process: libuv could not send ours. */
function withoutHandle<T>(object: unknown, call: () => T): T {
  const connection = isCarried(object) ? object[kConnection] : undefined;
  if (connection === undefined || connection.lent !== null) return call();
  connection.lend(NO_HANDLE);
  try {
    return call();
  } finally {
    connection.takeBack();
  }
}

/** `_send` with handles for ours. While an earlier handle is on its way, Node queues what comes and calls it again. */
function sending(send: Send): Send {
  return function (this: Channel, message, object, options, callback) {
    const loan = object && !this._handleQueue ? lend(object) : undefined;
    if (loan === undefined) {
      if (object && message) noteHandedOver(this, message, object);
      return withoutHandle(object, () => send.call(this, message, object, options, callback));
    }
    const given: SendOptions = typeof options === 'boolean' ? { swallowErrors: options } : (options ?? {});
    let state: 'taken' | 'back' = 'back';
    const done: Done = (error) => {
      if (state === 'back' && loan.lent) loan.handle.close();
      if (error && given.swallowErrors) return;
      if (typeof callback === 'function') callback(error);
      else if (error) this.emit('error', error);
    };
    let called = false;
    try {
      const result = send.call(this, message, loan.object, { ...given, swallowErrors: false }, done);
      called = true;
      return result;
    } finally {
      state = loan.end();
      if (!called && loan.lent) loan.handle.close();
    }
  };
}

/** Sockets of ours in `stdio`, for the time of the call: the child inherits their descriptors. */
function spawning(
  child: Channel,
  spawn: NonNullable<Channel['spawn']>,
  options: { stdio?: unknown },
): unknown {
  const loans = Array.isArray(options?.stdio) ? options.stdio.map(lendStdio) : [];
  try {
    return spawn.call(child, options);
  } finally {
    for (const loan of loans) {
      if (loan?.end() === 'back' && loan.lent) loan.handle.close();
    }
  }
}

const lendStdio = (stdio: unknown) =>
  typeof stdio === 'object' && stdio !== null && (stdio as Partial<ThisSocket>)[kConnection]?.endpoint
    ? lend(stdio)
    : undefined;
