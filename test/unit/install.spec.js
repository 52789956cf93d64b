'use strict';
// npm's install step: whatever is missing, it succeeds and says in one line what to do.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');

function install(script, env = {}) {
  const result = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env: { ...process.env, PATH: '', Path: '', IOCP_NET_PREBUILD: '', ...env },
  });
  return { status: result.status, lines: (result.stdout + result.stderr).split('\n').filter(Boolean) };
}

/** A folder like an installed package: no sources of ours to compile TypeScript from, and no prebuilt engine. */
function installedPackage() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-install-'));
  fs.cpSync(path.join(root, 'scripts'), path.join(folder, 'scripts'), { recursive: true });
  fs.copyFileSync(path.join(root, 'package.json'), path.join(folder, 'package.json'));
  return folder;
}

describe('install step', () => {
  it('succeeds in a checkout without compiler and cmake, and says what to install', () => {
    const { status, lines } = install(path.join(root, 'scripts', 'install.cjs'));
    assert.equal(status, 0);
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0], /node:net/);
    if (process.platform === 'linux')
      assert.match(lines[0], /apt-get install .*g\+\+ cmake make && npm run build:native/);
  });

  it('succeeds in an installed package for which there is no prebuilt engine', () => {
    const folder = installedPackage();
    try {
      const { status, lines } = install(path.join(folder, 'scripts', 'install.cjs'));
      assert.equal(status, 0);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(
        lines[0],
        process.platform === 'linux' ? /no prebuilt engine .*npm rebuild iocp-net/ : /no native engine/,
      );
      assert.match(lines[0], /node:net/);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });

  it('succeeds even when a file of its own cannot be read', () => {
    const folder = installedPackage();
    try {
      fs.writeFileSync(path.join(folder, 'scripts', 'lib', 'toolchain.cjs'), 'syntax error');
      const { status, lines } = install(path.join(folder, 'scripts', 'install.cjs'));
      assert.equal(status, 0);
      assert.match(lines.join('\n'), /node:net/);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});
