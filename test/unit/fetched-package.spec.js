'use strict';
// A package that is fetched to build with must be the one that was looked at.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');

describe('fetched packages', function () {
  this.timeout(60_000);

  it('are refused where the tarball is another', function () {
    if (process.platform === 'win32') this.skip(); // npm is replaced by a script of the shell
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-fetched-'));
    try {
      // npm pack NAME --pack-destination FOLDER --silent
      fs.writeFileSync(path.join(folder, 'npm'), '#!/bin/sh\necho other > "$4/other.tgz"\n', { mode: 0o755 });
      const script = `require('./scripts/lib/node-package.cjs').fetchPackage('some', '1.0.0', 'sha512-of-some')`;
      const { status, stderr } = spawnSync(process.execPath, ['-e', script], {
        cwd: root,
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${folder}:${process.env.PATH}`,
          XDG_CACHE_HOME: path.join(folder, 'cache'),
        },
      });
      assert.equal(status, 1);
      assert.match(stderr, /other\.tgz is not what was published: sha512-.* instead of sha512-of-some/);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});
