// http2's clients, which work in C++ on libuv's streams: during http2.connect() net.connect() is node:net's.
import type http2 from 'node:http2';
import { promisify } from 'node:util';
import { withLibuv } from '../net/exports.js';
import { define } from '../node/define.js';
import { like, type Replacements } from './replacements.js';

type Connect = (...args: unknown[]) => ReturnType<typeof http2.connect>;

export function installHttp2(replacements: Replacements): void {
  const module = require('node:http2') as typeof http2;
  const builtinConnect = module.connect as Connect;
  const connect: Connect = (...args) => withLibuv(() => builtinConnect(...args));
  const replacement = like(builtinConnect, connect);
  // The promise is of a session over libuv, too.
  define(replacement, promisify.custom, {
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
  replacements.value(module, 'connect', replacement);
}
