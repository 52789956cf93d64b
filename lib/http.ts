// `iocp-net/http`: http on the port for those who do not want a global swap.
import http = require('node:http');

import type net from 'node:net';
import type stream from 'node:stream';

import { define } from './node/define.js';
import { facade } from './shared.js';

type Listen2 = (...args: unknown[]) => void;

/**
 * Lets this one server (net, http, or an application framework's) listen on the port. To be called before `listen()`.
 * Returns the server. Without an engine, and for servers of tls, https and http2, it changes nothing. Throws for a server
 * that listens already.
 */
export function attach<S extends net.Server>(server: S): S {
  if (server.listening) throw new Error('iocp-net: attach() comes before listen()'); // with an engine or without
  const listen2 = facade()?.listen2;
  if (listen2 === undefined) return server;
  define(server, '_listen2', {
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
    const ours = facade()?.net;
    if (ours === undefined) return super.createConnection(...args) as net.Socket;
    return (ours.connect as (...args: unknown[]) => net.Socket)(...args);
  }

  // A connection that waits for its next request must not receive an answer.
  override keepSocketAlive(socket: stream.Duplex): boolean {
    const keeps = super.keepSocketAlive(socket) as unknown as boolean;
    if (keeps) facade()?.guardFree(socket);
    return keeps;
  }

  override reuseSocket(socket: stream.Duplex, request: http.ClientRequest): void {
    facade()?.guardFree(socket, false);
    super.reuseSocket(socket, request);
  }
}
