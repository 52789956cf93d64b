// Servers that stay with libuv: tls, https and http2 read and write in C++, on a stream of libuv's.
import type http from 'node:http';
import type http2 from 'node:http2';
import type tls from 'node:tls';

import { builtin } from '../../node/builtin.js';

/** Servers whose sockets are read and written in JavaScript, besides those of http. */
const inJavaScript = new Set<object>([builtin.Server.prototype]);

export function readsInJavaScript(prototype: object): void {
  inJavaScript.add(prototype);
}

// Node's own classes, by their names: what no program uses is not loaded here.

function isOfHttp(prototype: object, name: string): boolean {
  return name === 'Server' && prototype === (require('node:http') as typeof http).Server.prototype;
}

/** A class whose sockets are read and written in C++. */
function isOfNode(prototype: object, name: string): boolean {
  if (name === 'Server') return prototype === (require('node:tls') as typeof tls).Server.prototype;
  if (name !== 'Http2Server') return false;
  const { createServer } = require('node:http2') as typeof http2;
  return prototype === Object.getPrototypeOf(createServer()); // no export has the class itself
}

const hasCrypto = process.versions.openssl !== undefined;

/**
 * Whether C++ takes over what the server accepts. Fed from JavaScript through Node's stream object it needs more
 * processor time than on libuv's (docs/ecosystem.md has the figures), so those servers get a libuv handle from the start.
 */
export function takesLibuvStreams(server: object): boolean {
  for (let o = Object.getPrototypeOf(server) as object | null; o !== null; ) {
    if (inJavaScript.has(o)) return false;
    const { constructor: of } = o;
    if (typeof of === 'function') {
      if (isOfHttp(o, of.name)) return false;
      if (hasCrypto && isOfNode(o, of.name)) return true;
    }
    o = Object.getPrototypeOf(o) as object | null;
  }
  return false;
}
