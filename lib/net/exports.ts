// connect, createServer: the functions of node:net over our Socket and Server.
import type net from 'node:net';

import util = require('node:util');

import { builtin } from './builtin.js';
import { publishClientSocket, publishesInCreateConnection } from './connect.js';
import { passHandles } from './handle-passing.js';
import { noticeObservers } from './performance.js';
import { Server } from './server.js';
import { Socket, type SocketOptions } from './socket.js';
import type { ThisSocket } from './state.js';
import { isTakenOver, showStreamHandle } from './stream-handle.js';

noticeObservers();
passHandles();

const debug = util.debuglog('net');
const { _normalizeArgs: normalizeArgs } = builtin as unknown as {
  _normalizeArgs(args: unknown[]): [SocketOptions & { timeout?: number }, unknown];
};

function connect(...args: unknown[]): net.Socket {
  const normalized = normalizeArgs(args);
  const [options] = normalized;
  debug('createConnection', normalized);
  const socket = new Socket(options);
  if (publishesInCreateConnection) publishClientSocket(socket);
  if (options.timeout) socket.setTimeout(options.timeout);
  (socket.connect as (normalized: unknown) => net.Socket)(normalized);
  if (isTakenOver()) showStreamHandle(socket as unknown as ThisSocket);
  return socket;
}

function createServer(options?: unknown, connectionListener?: unknown): net.Server {
  return new Server(options as net.ServerOpts, connectionListener as () => void);
}

export { connect, createServer, Server, Socket };
