'use strict';
// Folders that every script agrees on.
const path = require('node:path');

const root = path.resolve(__dirname, '..', '..');

/** Downloads and the Wine prefix: $XDG_CACHE_HOME/iocp-net, else inside node_modules. */
function cacheFolder(...parts) {
  const base = process.env.XDG_CACHE_HOME
    ? path.join(process.env.XDG_CACHE_HOME, 'iocp-net')
    : path.join(root, 'node_modules', '.cache', 'iocp-net');
  return path.join(base, ...parts);
}

module.exports = { root, cacheFolder };
