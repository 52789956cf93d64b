'use strict';
// Finds Node's own headers (uv.h is what the addon needs of them).
// As a command it prints the folder, or says on stderr what to do. CMakeLists.txt calls it.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { fetchNodePackage } = require('./node-package.cjs');

function hasHeaders(folder) {
  return fs.existsSync(path.join(folder, 'uv.h')) && fs.existsSync(path.join(folder, 'uv', 'errno.h'));
}

/** npm's own setting; asking npm takes half a second, so it comes after what is free. */
function configuredNodedir() {
  try {
    const options = {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    };
    const answer = execFileSync('npm', ['config', 'get', 'nodedir'], options).trim();
    return answer === '' || answer === 'undefined' || answer === 'null' ? undefined : answer;
  } catch {
    return undefined; // no npm beside this Node: the other places remain
  }
}

function* candidates() {
  if (process.env.npm_config_nodedir) yield path.join(process.env.npm_config_nodedir, 'include', 'node');
  yield path.resolve(fs.realpathSync(process.execPath), '..', '..', 'include', 'node');
  yield '/usr/include/node';
  yield '/usr/local/include/node';
  const nodedir = configuredNodedir();
  if (nodedir) yield path.join(nodedir, 'include', 'node');
}

/** The folder, or undefined. */
function findHeaders() {
  for (const folder of candidates()) if (hasHeaders(folder)) return folder;
  return undefined;
}

/**
 * The folder; where this machine has none (Node came as a bare executable) the npm package that carries Node with its
 * headers is fetched into the cache.
 */
function findOrFetchHeaders() {
  const found = findHeaders();
  if (found) return found;
  const folder = path.join(fetchNodePackage('linux', process.versions.node), 'include', 'node');
  if (!hasHeaders(folder)) throw new Error(`no headers in ${folder}`);
  return folder;
}

const MISSING =
  "iocp-net: Node's headers (uv.h) were not found. Set npm_config_nodedir to the folder that has include/node, " +
  'or install Node with its headers (the tarball of nodejs.org, or the nodejs package of NodeSource)';

module.exports = { findHeaders, findOrFetchHeaders, MISSING };

if (require.main === module) {
  const folder = findHeaders();
  if (folder) {
    process.stdout.write(`${folder}\n`);
  } else {
    process.stderr.write(`${MISSING}\n`);
    process.exitCode = 1;
  }
}
