'use strict';

// Further copies of the package, as several node_modules folders hold them.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { packageRoot } = require('./transports.js');

/**
 * A folder with `node_modules/NAME` for each name, a copy of the built package.
 * `change(file text, file name)` may alter the files of dist.
 */
function packageCopies(names, change = (text) => text) {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-copies-')));
  for (const name of names) {
    const copy = path.join(folder, 'node_modules', name);
    fs.cpSync(path.join(packageRoot, 'dist'), path.join(copy, 'dist'), { recursive: true });
    fs.copyFileSync(path.join(packageRoot, 'package.json'), path.join(copy, 'package.json'));
    const release = path.join('build', 'Release');
    if (fs.existsSync(path.join(packageRoot, release))) {
      fs.cpSync(path.join(packageRoot, release), path.join(copy, release), {
        recursive: true,
        filter: (file) => fs.statSync(file).isDirectory() || file.endsWith('.node'),
      });
    }
    for (const file of fs.readdirSync(path.join(copy, 'dist'))) {
      const full = path.join(copy, 'dist', file);
      if (!file.endsWith('.js')) continue;
      const text = fs.readFileSync(full, 'utf8');
      const changed = change(text, `${name}/${file}`);
      if (changed !== text) fs.writeFileSync(full, changed);
    }
  }
  const loader = path.dirname(require.resolve('node-gyp-build/package.json', { paths: [packageRoot] }));
  fs.cpSync(loader, path.join(folder, 'node_modules', 'node-gyp-build'), { recursive: true });
  return folder;
}

function removeCopies(folder) {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

module.exports = { packageCopies, removeCopies };
