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

/** Classes of sockets that Node has derived from its own: a patch of net.Socket.prototype is to reach them as well. */
function reparent(replacements: Replacements, socket: { prototype: object }): void {
  const tty = require('node:tty') as typeof import('node:tty');
  const classes: { prototype: object }[] = [tty.ReadStream, tty.WriteStream];
  if (hasCrypto) classes.push((require('node:tls') as typeof import('node:tls')).TLSSocket);
  for (const { prototype } of classes) {
    if (Object.getPrototypeOf(prototype) === builtin.Socket.prototype) {
      replacements.prototype(prototype, socket.prototype);
    }
  }
}

/**
 * Replaces the exports of `node:net` by ours, lets every server that inherits from node:net's (http, https, http2,
 * tls) listen on the port, and gives the clients of those modules our sockets. Without an engine it changes nothing.
 * Calling it again does nothing.
 */
export function install(): void {
  if (replacements !== undefined || tryPort() === undefined) return;
  // Before the exports do it: what a program has that requires the package itself stays when we are taken away.
  const { showActiveHandles, hideActiveHandles } =
    require('./net/active-handles.js') as typeof import('./net/active-handles.js');
  const hide = showActiveHandles() ? hideActiveHandles : undefined;
  const ours = require('./index.js') as Record<string, unknown> & { connect: Connect };
  const { listen, listen2 } = require('./net/server.js') as typeof import('./net/server.js');
  // These are loaded while net is still Node's own: what they capture of it is put back by uninstall().
  const { installHttp } = require('./preload/http.js') as typeof import('./preload/http.js');
  replacements = new Replacements();
  if (hide !== undefined) replacements.undo(hide);
  installHttp(replacements, ours.connect);
  if (hasCrypto) {
    const { installHttp2 } = require('./preload/http2.js') as typeof import('./preload/http2.js');
    installHttp2(replacements);
  }
  for (const name of ['Socket', 'Stream', 'connect', 'createConnection']) {
    replacements.value(net, name, ours[name]);
  }
  // The one prototype of every server, those of http and tls included: a patch of it reaches them all.
  replacements.value(builtin.Server.prototype, '_listen2', listen2);
  replacements.value(builtin.Server.prototype, 'listen', listen);
  for (const name of ['Server', 'createServer']) {
    replacements.value(ours, name, (net as unknown as Record<string, unknown>)[name]);
  }
  reparent(replacements, ours.Socket as { prototype: object });
  syncBuiltinESMExports();
}

/** Takes back everything that install() replaced. Connections that are open stay on the port. */
export function uninstall(): void {
  if (replacements === undefined) return;
  replacements.restore();
  replacements = undefined;
  syncBuiltinESMExports();
}
