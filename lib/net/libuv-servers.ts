// Servers that stay with libuv: tls, https and http2 read and write in C++, on a stream of libuv's.
import http = require('node:http');

import type http2 from 'node:http2';
import type tls from 'node:tls';

import { builtin } from './builtin.js';

/** Servers whose sockets are read and written in JavaScript. */
const inJavaScript = new Set<object>([builtin.Server.prototype, http.Server.prototype]);

export function readsInJavaScript(prototype: object): void {
  inJavaScript.add(prototype);
}

/** Node's own class of such a server, by its name: what no program uses is not loaded here. */
function isOfNode(prototype: object, name: string): boolean {
  if (name === 'Server') return prototype === (require('node:tls') as typeof tls).Server.prototype;
  if (name !== 'Http2Server') return false;
  const { createServer } = require('node:http2') as typeof http2;
  return prototype === Object.getPrototypeOf(createServer()); // no export has the class itself
}

const hasCrypto = process.versions.openssl !== undefined;

/**
 * Whether C++ takes over what the server accepts. Fed from JavaScript through Node's stream object it needs 1.25 to 1.5
 * times the processor time of libuv's (docs/ecosystem.md), so those servers get a libuv handle from the start.
 */
export function takesLibuvStreams(server: object): boolean {
  for (let o = Object.getPrototypeOf(server) as object | null; o !== null; ) {
    if (inJavaScript.has(o)) return false;
    const { constructor: of } = o;
    if (hasCrypto && typeof of === 'function' && isOfNode(o, of.name)) return true;
    o = Object.getPrototypeOf(o) as object | null;
  }
  return false;
}
