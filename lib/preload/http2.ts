// http2's clients, which work in C++ on libuv's streams: during http2.connect() net.connect() is node:net's.
import http2 = require('node:http2');

import { promisify } from 'node:util';
import { withLibuv } from '../net/exports.js';
import { like, type Replacements } from './replacements.js';

type Connect = (...args: unknown[]) => ReturnType<typeof http2.connect>;

const builtinConnect = http2.connect as Connect;
const connect: Connect = (...args) => withLibuv(() => builtinConnect(...args));

export function installHttp2(replacements: Replacements): void {
  const replacement = like(builtinConnect, connect);
  // The promise is of a session over libuv, too.
  Object.defineProperty(replacement, promisify.custom, {
    value: (authority: unknown, options: unknown) =>
      new Promise((resolve, reject) => {
        const session = connect(authority, options, () => {
          session.removeListener('error', reject);
          resolve(session);
        });
        session.once('error', reject);
      }),
    configurable: true,
  });
  replacements.value(http2, 'connect', replacement);
}
