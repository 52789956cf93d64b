// http2 over the port. Its sessions consume a stream handle; what they are given has to show one.
import type http2Module from 'node:http2';

import http2 = require('node:http2');

import { promisify } from 'node:util';
import { isCarried } from '../net/socket.js';

import type { ThisSocket } from '../net/state.js';
import { registerTaker, showStreamHandle, takingOver } from '../net/stream-handle.js';
import { like, type Replacements } from './replacements.js';

type CreateConnection = (...args: unknown[]) => ThisSocket;
type Handshake = (socket: unknown, options?: unknown) => unknown;

const builtinConnect = http2.connect as (...args: unknown[]) => http2Module.ClientHttp2Session;

function shown<T>(socket: T): T {
  if (isCarried(socket)) showStreamHandle(socket);
  return socket;
}

function connect(authority: unknown, options: unknown, ...more: unknown[]): http2Module.ClientHttp2Session {
  const { createConnection } = (options ?? {}) as { createConnection?: CreateConnection };
  if (typeof createConnection === 'function') {
    options = {
      ...(options as object),
      createConnection: (...args: unknown[]) => shown(createConnection(...args)),
    };
  }
  return takingOver(() => builtinConnect(authority, options, ...more));
}

export function installHttp2(replacements: Replacements): void {
  // The class of clear-text servers has no name of its own among the exports.
  registerTaker(Object.getPrototypeOf(http2.createServer()) as object);
  const replacement = like(builtinConnect, connect);
  // The promise is of a session over the port, too.
  Object.defineProperty(replacement, promisify.custom, {
    value: (authority: unknown, options: unknown) =>
      new Promise((resolve, reject) => {
        const session = connect(authority, options, () => {
          session.removeListener('error', reject);
          resolve(session);
        });
        session.once('error', reject);
      }),
    configurable: true,
  });
  replacements.value(http2, 'connect', replacement);
  const { performServerHandshake } = http2 as unknown as { performServerHandshake?: Handshake };
  if (performServerHandshake !== undefined) {
    const handshake: Handshake = (socket, options) => performServerHandshake(shown(socket), options);
    replacements.value(http2, 'performServerHandshake', like(performServerHandshake, handshake));
  }
}
