'use strict';
// What a build needs of the system, and the line that says how to get it.
const fs = require('node:fs');
const path = require('node:path');

function onPath(command) {
  const extensions = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const extension of extensions) {
      const file = path.join(folder, command + extension);
      try {
        fs.accessSync(file, fs.constants.X_OK);
        if (fs.statSync(file).isFile()) return file;
      } catch {
        // not in this folder
      }
    }
  }
  return undefined;
}

/** Debian's names of the packages that are missing for a build of ours for this very system. */
function missingForBuild() {
  const missing = [];
  if (process.platform === 'win32') return onPath('cmake') ? missing : ['cmake']; // it finds Visual Studio itself
  if (!onPath('g++') && !onPath('clang++')) missing.push('g++');
  if (!onPath('cmake')) missing.push('cmake');
  if (!onPath('ninja') && !onPath('make')) missing.push('make');
  return missing;
}

/** The same for a build for Windows on Linux. */
function missingForWindows() {
  const missing = [];
  if (!onPath('x86_64-w64-mingw32-g++-posix')) missing.push('g++-mingw-w64-x86-64-posix');
  if (!onPath('cmake')) missing.push('cmake');
  if (!onPath('ninja') && !onPath('make')) missing.push('ninja-build');
  return missing;
}

/** What the native tests need beside a build. */
function missingForNativeTests() {
  const places = ['/usr/include/doctest/doctest.h', '/usr/local/include/doctest/doctest.h'];
  return places.some((file) => fs.existsSync(file)) ? [] : ['doctest-dev'];
}

function aptLine(packages) {
  return `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/** Other systems' package managers, and their names for what is called otherwise in Debian. */
const MANAGERS = {
  apk: ['apk add', {}],
  dnf: ['dnf install -y', { 'g++': 'gcc-c++' }],
  zypper: ['zypper install -y', { 'g++': 'gcc-c++' }],
  pacman: ['pacman -S --noconfirm', { 'g++': 'gcc' }],
  winget: ['winget install', { cmake: 'Kitware.CMake' }],
};

/** The name of one in MANAGERS, or undefined where it is Debian's, or none that is known. */
function managerHere() {
  // An alias of the system's, which is no file to fs.
  if (process.platform === 'win32') return 'winget';
  return onPath('apt-get') ? undefined : Object.keys(MANAGERS).find((name) => onPath(name));
}

/** The line for this system's package manager; Debian's where it has none that is known. */
function installLine(packages) {
  const manager = managerHere();
  if (manager === undefined) return aptLine(packages);
  const [command, names] = MANAGERS[manager];
  return [command, ...packages.map((name) => names[name] ?? name)].join(' ');
}

module.exports = { onPath, missingForBuild, missingForWindows, missingForNativeTests, aptLine, installLine };
