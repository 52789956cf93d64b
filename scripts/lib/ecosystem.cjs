'use strict';
// The packages of test/ecosystem: what its programs run over the port, and the frameworks of some examples and cells of
// the benchmarks. They are a package of their own, test/ecosystem/packages, so that the checkout's own install stays
// small. They go into test/ecosystem/node_modules: with no package.json beside it, the programs are still part of
// iocp-net, which finds itself by its name.
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { npmCi } = require('./npm-ci.cjs');
const { root } = require('./paths.cjs');

const MANIFEST = path.join(root, 'test', 'ecosystem', 'packages');
const FOLDER = path.join(root, 'test', 'ecosystem', 'node_modules');
const FILES = ['package.json', 'package-lock.json'];
/** In the folder, the lock file that it was installed from. */
const STAMP = '.iocp-net-lock';

function isInstalled(version) {
  const stamp = path.join(FOLDER, STAMP);
  return fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === version;
}

/** Moves what was installed elsewhere into its place, unless another process was quicker. */
function moveIntoPlace(installed, version) {
  if (isInstalled(version)) return;
  fs.rmSync(FOLDER, { recursive: true, force: true });
  try {
    fs.renameSync(installed, FOLDER);
  } catch (error) {
    if (!isInstalled(version)) throw error;
  }
}

/** Asked once in a process: npm tries an unreachable registry for a minute. */
let unreachable = false;

/** Installs the packages unless they are there. False where npm's registry cannot be reached, other than in CI. */
function installEcosystem() {
  const hash = createHash('sha256');
  for (const name of FILES) hash.update(fs.readFileSync(path.join(MANIFEST, name)));
  const version = hash.digest('hex');
  if (isInstalled(version)) return true;
  if (unreachable) return false;
  // Beside its place, to be moved by a rename: whoever looks finds the whole of it, or nothing.
  const scratch = fs.mkdtempSync(path.join(root, 'build-ecosystem-'));
  try {
    for (const name of FILES) fs.copyFileSync(path.join(MANIFEST, name), path.join(scratch, name));
    unreachable = !npmCi(scratch, 'the packages of test/ecosystem');
    if (unreachable) return false;
    const installed = path.join(scratch, 'node_modules');
    fs.writeFileSync(path.join(installed, STAMP), version);
    moveIntoPlace(installed, version);
    return true;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

module.exports = { installEcosystem, ecosystemFolder: FOLDER };
