// `iocp-net/http`: http on the port for those who do not want a global swap.
import http = require('node:http');

import type net from 'node:net';

import { tryPort } from './net/engine-port.js';

type Listen2 = (...args: unknown[]) => void;

/**
 * Lets this one server (net, http, or an application framework's) listen on the port. To be called before `listen()`.
 * Returns the server. Without an engine, and for servers of tls, https and http2, it changes nothing.
 */
export function attach<S extends net.Server>(server: S): S {
  if (tryPort() === undefined) return server;
  if (server.listening) throw new Error('iocp-net: attach() comes before listen()');
  const { listen2 } = require('./net/server.js') as typeof import('./net/server.js');
  Object.defineProperty(server, '_listen2', {
    value: listen2 as unknown as Listen2,
    writable: true,
    configurable: true,
    enumerable: false,
  });
  return server;
}

/** http.Agent whose connections go over the port. */
export class Agent extends http.Agent {
  override createConnection(...args: Parameters<http.Agent['createConnection']>): net.Socket {
    if (tryPort() === undefined) return super.createConnection(...args) as net.Socket;
    const { connect } = require('./net/exports.js') as typeof import('./net/exports.js');
    return connect(...(args as unknown[]));
  }
}
