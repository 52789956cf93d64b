// From a connection that a listener brings to the 'connection' event of its server.
import diagnosticsChannel = require('node:diagnostics_channel');

import type net from 'node:net';
import { debug } from '../../node/debug.js';
import { hasBlockList, zeroConnectionsIsALimit } from '../../node/versions.js';
import type { StreamEndpoint } from '../../port/endpoint.js';
import { setKeepAlive } from '../connection/keep-alive.js';
import type { SocketHandle } from '../connection/socket-handle.js';
import { port } from '../engine-port.js';
import { AcceptedOptions, acceptedSocket } from '../socket/socket.js';
import { kConnection } from '../state.js';

const serverSocketChannel = diagnosticsChannel.channel('net.server.socket');

/** What a net.Server knows, and node:net does not document. */
export interface ServerState extends net.Server {
  _handle: unknown;
  _connections: number;
  noDelay: boolean;
  keepAlive: boolean;
  keepAliveInitialDelay: number;
  allowHalfOpen: boolean;
  pauseOnConnect: boolean;
  highWaterMark: number;
  blockList?: net.BlockList;
}

/** `handle`: made outside of the server's async context, since the connection's events do not belong to it. */
export function accept(server: ServerState, endpoint: StreamEndpoint, handle: SocketHandle): void {
  const { maxConnections } = server;
  const limited = zeroConnectionsIsALimit ? maxConnections != null : Boolean(maxConnections);
  if (limited && server._connections >= maxConnections) {
    drop(server, endpoint);
    handle.drop(endpoint);
    return;
  }
  if (hasBlockList && server.blockList && !endpoint.pipe) {
    const peer = endpoint.peerAddress();
    if (
      typeof peer === 'object' &&
      server.blockList.check(peer.address, peer.family === 'IPv6' ? 'ipv6' : 'ipv4')
    ) {
      handle.drop(endpoint);
      return;
    }
  }
  const options = new AcceptedOptions(server.allowHalfOpen, server.highWaterMark, server.pauseOnConnect);
  const socket = acceptedSocket(endpoint, options, handle);
  if (server.noDelay) {
    socket[kConnection].wanted.noDelay = true;
    endpoint.setNoDelay(true);
  }
  if (server.keepAlive) {
    const { wanted } = socket[kConnection];
    wanted.keepAlive = true;
    wanted.keepAliveIdleSeconds = server.keepAliveInitialDelay;
    setKeepAlive(endpoint, true, server.keepAliveInitialDelay);
  }
  if (debug.enabled)
    debug('%s accepts %s: the %s port', server.constructor.name, peerOf(endpoint), port().name);
  server._connections++;
  socket.server = server;
  socket._server = server;
  server.emit('connection', socket as unknown as net.Socket);
  if (serverSocketChannel.hasSubscribers) serverSocketChannel.publish({ socket });
}

function peerOf(endpoint: StreamEndpoint): string {
  const peer = endpoint.peerAddress();
  return typeof peer === 'object' && !endpoint.pipe ? `${peer.address}:${peer.port}` : 'a local socket';
}

function drop(server: ServerState, endpoint: StreamEndpoint): void {
  if (endpoint.pipe) {
    server.emit('drop');
  } else {
    const local = endpoint.localAddress();
    const remote = endpoint.peerAddress();
    const data = Object.create(null) as Record<string, unknown>;
    if (typeof local === 'object') {
      data.localAddress = local.address;
      data.localPort = local.port;
      data.localFamily = local.family;
    }
    if (typeof remote === 'object') {
      data.remoteAddress = remote.address;
      data.remotePort = remote.port;
      data.remoteFamily = remote.family;
    }
    server.emit('drop', data as net.DropArgument);
  }
}
