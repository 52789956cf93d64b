// connect, createServer: the functions of node:net over our Socket and Server.
import type net from 'node:net';

import util = require('node:util');

import { builtin } from '../node/builtin.js';
import { debug as debugCarrier } from '../node/debug.js';
import { noticeObservers } from '../node/performance.js';
import { publishesInCreateConnection } from '../node/versions.js';
import { publishClientSocket } from './connect/connect.js';
import { passHandles } from './interop/handle-passing.js';
import { Server } from './server/server.js';
import { Socket, type SocketOptions } from './socket/socket.js';

noticeObservers();
passHandles();

const debug = util.debuglog('net');
const { _normalizeArgs: normalizeArgs } = builtin as unknown as {
  _normalizeArgs(args: unknown[]): [SocketOptions & { timeout?: number }, unknown];
};

let forLibuv = false;

/** Runs a call in which connect() is node:net's: what the call connects is read and written in C++. */
export function withLibuv<T>(call: () => T): T {
  const before = forLibuv;
  forLibuv = true;
  try {
    return call();
  } finally {
    forLibuv = before;
  }
}

function connect(...args: unknown[]): net.Socket {
  if (forLibuv) {
    debugCarrier('http2 client: libuv, as its socket is read and written in C++');
    return (builtin.connect as (...args: unknown[]) => net.Socket)(...args);
  }
  const normalized = normalizeArgs(args);
  const [options] = normalized;
  debug('createConnection', normalized);
  const socket = new Socket(options);
  if (publishesInCreateConnection) publishClientSocket(socket);
  if (options.timeout) socket.setTimeout(options.timeout);
  (socket.connect as (normalized: unknown) => net.Socket)(normalized);
  return socket;
}

function createServer(options?: unknown, connectionListener?: unknown): net.Server {
  return new Server(options as net.ServerOpts, connectionListener as () => void);
}

export { connect, createServer, Server, Socket };
