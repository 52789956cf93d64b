'use strict';

// Installs the package of the tools into the cache, once for each lock file, and lays the programs into a folder that
// sees it: jest and vitest look for no tests inside of node_modules, where the cache is.

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { npmCi } = require('../../../scripts/lib/npm-ci.cjs');
const paths = require('../../../scripts/lib/paths.cjs');

const HERE = path.join(__dirname, '..');

const lockFile = fs.readFileSync(path.join(HERE, 'package-lock.json'));
const version = createHash('sha256').update(lockFile).digest('hex').slice(0, 12);

function copy(folder, names) {
  for (const name of names) fs.cpSync(path.join(HERE, name), path.join(folder, name), { recursive: true });
}

/**
 * The folder of the programs; `remove` takes it away. The cache may serve several checkouts: iocp-net is found a folder
 * above the tools. Undefined where the registry cannot be reached, other than in CI.
 */
function install() {
  const folder = paths.cacheFolder(`tools-alone-${version}`);
  const complete = path.join(folder, 'complete');
  if (!fs.existsSync(complete)) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    copy(folder, ['package.json', 'package-lock.json']);
    if (!npmCi(folder, 'the tools')) return undefined;
    fs.writeFileSync(complete, '');
  }
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-tools-'));
  fs.mkdirSync(path.join(scratch, 'node_modules'));
  fs.symlinkSync(paths.root, path.join(scratch, 'node_modules', 'iocp-net'));
  const programs = path.join(scratch, 'tools');
  fs.mkdirSync(programs);
  copy(programs, ['package.json', 'programs', 'support']);
  fs.symlinkSync(path.join(folder, 'node_modules'), path.join(programs, 'node_modules'));
  return { folder: programs, remove: () => fs.rmSync(scratch, { recursive: true, force: true }) };
}

module.exports = { install };
