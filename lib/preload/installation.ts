// Puts the port under a program that knows nothing of it, and takes it away again.
import { syncBuiltinESMExports } from 'node:module';

import net = require('node:net');

import { hideActiveHandles, showActiveHandles } from '../net/interop/active-handles.js';
import { unwatchTls } from '../net/interop/tls-sockets.js';
import { listen, listen2 } from '../net/server/server.js';
import { serverTransferMethods } from '../net/server/server-transfer.js';
import { builtin } from '../node/builtin.js';
import { installHttp } from './http.js';
import { installHttp2 } from './http2.js';
import { Replacements } from './replacements.js';

type Connect = (...args: unknown[]) => unknown;

/** A Node that was built without OpenSSL has none of these. */
const hasCrypto = process.versions.openssl !== undefined;

const theirHandle = Object.getOwnPropertyDescriptor(builtin.Socket.prototype, '_handle');

/** Classes of sockets that Node has derived from its own: a patch of net.Socket.prototype is to reach them as well. */
function reparent(replacements: Replacements, socket: { prototype: object }): void {
  const tty = require('node:tty') as typeof import('node:tty');
  const classes: { readonly prototype: object }[] = [tty.ReadStream, tty.WriteStream];
  if (hasCrypto) classes.push((require('node:tls') as typeof import('node:tls')).TLSSocket);
  for (const derived of classes) {
    const { prototype } = derived;
    if (Object.getPrototypeOf(prototype) !== builtin.Socket.prototype) continue;
    replacements.prototype(derived, socket);
    replacements.prototype(prototype, socket.prototype);
    // Not configurable in net.Socket.prototype: no patch of it can be missed. TLS reads it several times for each record.
    if (theirHandle !== undefined && !Object.hasOwn(prototype, '_handle')) {
      replacements.property(prototype, '_handle', { ...theirHandle, configurable: true });
    }
  }
}

/** One for all copies of the package in an environment: it lasts until the last copy that asked for it lets go. */
export class Installation {
  private readonly holders = new Set<string>();
  private replacements: Replacements | undefined;

  constructor(private readonly ours: Record<string, unknown>) {}

  /** `holder` names the copy that asks; once more from the same copy changes nothing. */
  install(holder: string): void {
    if (this.replacements === undefined) this.replace();
    this.holders.add(holder);
  }

  uninstall(holder: string): void {
    if (!this.holders.delete(holder) || this.holders.size > 0) return;
    this.replacements?.restore();
    this.replacements = undefined;
    syncBuiltinESMExports();
  }

  private replace(): void {
    const replacements = new Replacements();
    try {
      this.fill(replacements);
    } catch (error) {
      replacements.restore(); // a module of Node's did not load: all or nothing
      throw error;
    }
    this.replacements = replacements;
  }

  private fill(replacements: Replacements): void {
    const { ours } = this;
    if (showActiveHandles()) replacements.undo(hideActiveHandles);
    replacements.undo(unwatchTls);
    // These load http and http2 while net is still Node's own: what they capture of it is put back by uninstall().
    installHttp(replacements, ours.connect as Connect);
    if (hasCrypto) installHttp2(replacements);
    for (const name of ['Socket', 'Stream', 'connect', 'createConnection']) {
      replacements.value(net, name, ours[name]);
    }
    // The one prototype of every server, those of http and tls included: a patch of it reaches them all.
    replacements.value(builtin.Server.prototype, '_listen2', listen2);
    replacements.value(builtin.Server.prototype, 'listen', listen);
    for (const symbol of Object.getOwnPropertySymbols(serverTransferMethods)) {
      replacements.value(builtin.Server.prototype, symbol, serverTransferMethods[symbol as never].value);
    }
    for (const name of ['Server', 'createServer']) {
      replacements.value(ours, name, (net as unknown as Record<string, unknown>)[name]);
    }
    reparent(replacements, ours.Socket as { prototype: object });
    syncBuiltinESMExports();
  }
}
