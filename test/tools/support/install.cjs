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

/** The folder of the programs, which the caller removes; undefined where the registry cannot be reached, other than in CI. */
function install() {
  const folder = paths.cacheFolder(`tools-${version}`);
  const complete = path.join(folder, 'complete');
  if (!fs.existsSync(complete)) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    copy(folder, ['package.json', 'package-lock.json']);
    if (!npmCi(folder, 'the tools')) return undefined;
    fs.symlinkSync(paths.root, path.join(folder, 'node_modules', 'iocp-net'));
    fs.writeFileSync(complete, '');
  }
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-tools-'));
  copy(scratch, ['package.json', 'programs', 'support']);
  fs.symlinkSync(path.join(folder, 'node_modules'), path.join(scratch, 'node_modules'));
  return scratch;
}

module.exports = { install };
