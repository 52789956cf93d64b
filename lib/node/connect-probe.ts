// node:net's own word on a connect(), taken from a socket that never gets as far as the system.
import diagnosticsChannel = require('node:diagnostics_channel');

import type net from 'node:net';

import { builtin } from './builtin.js';
import { probe } from './debug.js';
import { define } from './define.js';

const clientSocketChannel = diagnosticsChannel.channel('net.client.socket');

/**
 * Throws what node:net throws for these options, and returns the error with which it refuses them at once, or null.
 * What it does not refuse must not reach the system: a lookup that never answers sees to that, or a missing permission;
 * an attempt at an address would begin in a later tick, and the probe is gone by then.
 */
export function probeConnect(options: net.NetConnectOpts): Error | null {
  const socket = new builtin.Socket();
  socket.on('error', () => {});
  // Node 22 and later publish in Socket.prototype.connect; subscribers have been given the program's own socket.
  define(clientSocketChannel, 'publish', {
    value() {},
    configurable: true,
  });
  try {
    probe(() => socket.connect(options));
    return socket.errored;
  } finally {
    Reflect.deleteProperty(clientSocketChannel, 'publish');
    socket.destroy();
  }
}
