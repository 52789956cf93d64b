// `iocp-net/http`: http and https on the port for those who do not want a global swap.
import http = require('node:http');

import type https from 'node:https';
import type net from 'node:net';
import type tls from 'node:tls';

import { tryPort } from './net/engine-port.js';

type Listen2 = (...args: unknown[]) => void;

function hasTls(): boolean {
  return process.versions.openssl !== undefined;
}

/** Whether the server hands its sockets to tls: those need its handshake over the port, which tls has to be told. */
function isSecure(server: net.Server): boolean {
  return hasTls() && server instanceof (require('node:tls') as typeof tls).Server;
}

/**
 * Lets this one server (net, http, https, tls, or an application framework's) listen on the port. To be called before
 * `listen()`. Returns the server. Without an engine it changes nothing.
 */
export function attach<S extends net.Server>(server: S): S {
  if (tryPort() === undefined) return server;
  if (server.listening) throw new Error('iocp-net: attach() comes before listen()');
  if (isSecure(server)) {
    const { prepareTls } = require('./preload/tls.js') as typeof import('./preload/tls.js');
    prepareTls();
  }
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

/** An https.Agent whose connections go over the port. */
export function createHttpsAgent(options?: https.AgentOptions): https.Agent {
  const { Agent: HttpsAgent } = require('node:https') as typeof https;
  const agent = new HttpsAgent(options);
  if (tryPort() === undefined) return agent;
  const { duringOurConnect } = require('./preload/tls.js') as typeof import('./preload/tls.js');
  // https's own createConnection knows sessions and proxies; what it calls for the connection is tls.connect().
  const { createConnection } = agent as unknown as { createConnection: (...args: unknown[]) => unknown };
  Object.defineProperty(agent, 'createConnection', {
    value: (...args: unknown[]) => duringOurConnect(() => createConnection.apply(agent, args)),
    writable: true,
    configurable: true,
    enumerable: false,
  });
  return agent;
}
