// Errors with the fields, names and messages that node:net gives them.
import util = require('node:util');

import { define } from './define.js';

interface SystemFields {
  errno?: number;
  code?: string;
  syscall?: string;
  address?: string | null;
  port?: number;
  localAddress?: string;
  localPort?: number;
}

export type NetError = Error & SystemFields;

function nameOf(status: number): string {
  // The map of libuv's own errors; a number that it does not know is named as libuv does.
  return util.getSystemErrorMap().get(status)?.[0] ?? `Unknown system error ${status}`;
}

/** libuv's number for an error's name; the numbers differ between systems, the names do not. */
export function statusOf(code: string): number {
  for (const [status, [name]] of util.getSystemErrorMap()) if (name === code) return status;
  throw new RangeError(`libuv has no error ${code}`);
}

const WITHOUT_SOCKET = new Set(['EMFILE', 'ENFILE', 'EAFNOSUPPORT'].map(statusOf));

/** The system gave no socket to bind or connect. */
export function isWithoutSocket(status: number): boolean {
  return WITHOUT_SOCKET.has(status);
}

/**
 * An error of a completion. None of the program's code is on the stack then: one frame says as much as ten, and is what
 * node:net's errors have.
 */
export function ofCompletion<E extends Error>(make: () => E): E {
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
  if (!limit?.writable || !(limit.value > 1)) return make();
  Error.stackTraceLimit = 1;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit.value as number;
  }
}

/** `read ECONNRESET` with errno, code and syscall. */
export function errnoException(status: number, syscall: string): NetError {
  const code = nameOf(status);
  const error: NetError = new Error(`${syscall} ${code}`);
  error.errno = status;
  error.code = code;
  error.syscall = syscall;
  return error;
}

/** `connect ECONNREFUSED 127.0.0.1:1`; `details` is the local end, as `host:port`. */
export function exceptionWithHostPort(
  status: number,
  syscall: string,
  address: string,
  port?: number | undefined,
  details?: string | undefined,
): NetError {
  const code = nameOf(status);
  let place = address;
  if (port && port > 0) place = `${address}:${port}`;
  const error: NetError = new Error(`${syscall} ${code} ${place}${details ? ` - Local (${details})` : ''}`);
  error.errno = status;
  error.code = code;
  error.syscall = syscall;
  error.address = address;
  if (port) error.port = port;
  return error;
}

/** An error of Node's own kind: `code` beside the message, and `Error [CODE]: message` as a string. */
export function nodeError<T extends Error = Error>(
  code: string,
  message: string,
  Base: new (message: string) => T = Error as unknown as new (
    message: string,
  ) => T,
): T & { code: string } {
  const error = new Base(message) as T & { code: string };
  // The stack is read with the code in the name, then the name goes back to the class's: as Node does it.
  const { name } = error;
  define(error, 'name', { value: `${name} [${code}]`, configurable: true, writable: true });
  void error.stack;
  delete (error as { name?: string }).name;
  error.code = code;
  define(error, 'toString', {
    value(this: Error) {
      return `${this.name} [${code}]: ${this.message}`;
    },
    configurable: true,
    enumerable: false,
    writable: true,
  });
  return error;
}

export const socketClosed = () => nodeError('ERR_SOCKET_CLOSED', 'Socket is closed');
/** Of a write through a handle that never got a socket (libuv: uv_write). */
export const neverOpened = () =>
  errnoException(statusOf(process.platform === 'win32' ? 'EPIPE' : 'EBADF'), 'write');
export const closedBeforeConnection = () =>
  nodeError('ERR_SOCKET_CLOSED_BEFORE_CONNECTION', 'Socket closed before the connection was established');
export const connectionTimeout = () =>
  nodeError('ERR_SOCKET_CONNECTION_TIMEOUT', 'Socket connection timeout');
export const invalidHandleType = () =>
  nodeError('ERR_INVALID_HANDLE_TYPE', 'This handle type cannot be sent', TypeError);
export const invalidIpAddress = (address: unknown) =>
  nodeError('ERR_INVALID_IP_ADDRESS', util.format('Invalid IP address: %s', address), TypeError);
export const ipBlocked = (address: string) =>
  nodeError('ERR_IP_BLOCKED', `IP(${address}) is blocked by net.BlockList`);

export function invalidAddressFamily(family: unknown, host: unknown, port: unknown): Error {
  const error = nodeError(
    'ERR_INVALID_ADDRESS_FAMILY',
    `Invalid address family: ${String(family)} ${String(host)}:${String(port)}`,
    RangeError,
  );
  return Object.assign(error, { host, port });
}

/** Of a text that is written as 'buffer', which names no encoding: node's own comes from C++, without the code in its name. */
export const textAsBuffer = () =>
  Object.assign(new TypeError('Second argument must be a buffer'), { code: 'ERR_INVALID_ARG_TYPE' });

/** What a write gets after the peer ended and allowHalfOpen is off. */
export function endedByPeer(): NetError {
  const error: NetError = new Error('This socket has been ended by the other party');
  error.code = 'EPIPE';
  return error;
}

/** Every attempt of an automatic family selection failed: the code is the first one's. */
export function attemptsFailed(errors: NetError[]): AggregateError {
  const error = ofCompletion(() => new AggregateError(errors));
  const { stack } = error;
  if (typeof stack === 'string') {
    const value = stack.replace(/^AggregateError/, `AggregateError [${errors[0]?.code}]: `);
    define(error, 'stack', { value, configurable: true, enumerable: false, writable: true });
  }
  define(error, 'code', {
    value: errors[0]?.code,
    configurable: true,
    enumerable: true,
    writable: true,
  });
  return error;
}
