// Puts the port under a program that knows nothing of it, and takes it away again.
import { syncBuiltinESMExports } from 'node:module';

import net = require('node:net');

import { builtin } from './net/builtin.js';
import { tryPort } from './net/engine-port.js';
import { Replacements } from './preload/replacements.js';

type Connect = (...args: unknown[]) => unknown;

let replacements: Replacements | undefined;

/** A Node that was built without OpenSSL has none of these. */
const hasCrypto = process.versions.openssl !== undefined;

/**
 * Replaces the exports of `node:net` by ours, lets every server that inherits from node:net's (http, https, http2,
 * tls) listen on the port, and gives the clients of those modules our sockets. Without an engine it changes nothing.
 * Calling it again does nothing.
 */
export function install(): void {
  if (replacements !== undefined || tryPort() === undefined) return;
  const ours = require('./index.js') as Record<string, unknown> & { connect: Connect };
  const { listen2 } = require('./net/server.js') as typeof import('./net/server.js');
  // These are loaded while net is still Node's own: their classes inherit from its classes, now and after uninstall().
  const { installHttp } = require('./preload/http.js') as typeof import('./preload/http.js');
  replacements = new Replacements();
  installHttp(replacements, ours.connect);
  if (hasCrypto) {
    const { installTls } = require('./preload/tls.js') as typeof import('./preload/tls.js');
    const { installHttp2 } = require('./preload/http2.js') as typeof import('./preload/http2.js');
    require('node:https');
    installTls(replacements);
    installHttp2(replacements);
  }
  for (const name of ['Socket', 'Stream', 'Server', 'connect', 'createConnection', 'createServer']) {
    replacements.value(net, name, ours[name]);
  }
  replacements.value(builtin.Server.prototype, '_listen2', listen2);
  syncBuiltinESMExports();
}

/** Takes back everything that install() replaced. Connections that are open stay on the port. */
export function uninstall(): void {
  if (replacements === undefined) return;
  replacements.restore();
  replacements = undefined;
  syncBuiltinESMExports();
}
