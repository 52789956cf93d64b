'use strict';
// What builds the engine: a checkout's prepare step, which never fails, and `iocp-net build`, which says what is missing.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const manifest = require('../../package.json');

function run(script, { cwd = root, env = {}, args = [] } = {}) {
  const result = spawnSync(process.execPath, [script, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: '', Path: '', IOCP_NET_PREBUILD: '', ...env },
  });
  return { status: result.status, lines: (result.stdout + result.stderr).split('\n').filter(Boolean) };
}

describe('scripts of package.json', () => {
  it('npm runs none of them when the published package is installed', () => {
    for (const name of ['preinstall', 'install', 'postinstall'])
      assert.equal(manifest.scripts[name], undefined);
    // npm would run node-gyp for this file.
    assert.ok(!fs.existsSync(path.join(root, 'binding.gyp')));
  });

  it('what iocp-net build needs is published', () => {
    const needed = new Set();
    const collect = (file) => {
      if (needed.has(file)) return;
      needed.add(file);
      for (const [, name] of fs
        .readFileSync(path.join(root, file), 'utf8')
        .matchAll(/require\('(\.[^']+)'\)/g)) {
        collect(path.posix.join(path.posix.dirname(file), name));
      }
    };
    collect('scripts/build.cjs');
    assert.ok(needed.size > 4, [...needed].join());
    for (const file of [...needed, 'addon', 'cmake', 'CMakeLists.txt'])
      assert.ok(manifest.files.includes(file), file);
  });
});

describe('prepare step of a checkout', function () {
  this.timeout(120_000); // compiles TypeScript

  it('succeeds without compiler and cmake, and says what to install', () => {
    const { status, lines } = run(path.join(root, 'scripts', 'prepare.mjs'));
    assert.equal(status, 0);
    assert.match(lines.join('\n'), /node:net/);
    // Under Wine the compiler of TypeScript is that of Linux, which is one more thing that is missing.
    if (process.platform !== 'linux') return;
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0], /apt-get install .*g\+\+ cmake make && npm run build:native/);
  });

  it('does nothing when a tarball is packed', () => {
    const env = { npm_command: 'pack' };
    assert.deepEqual(run(path.join(root, 'scripts', 'prepare.mjs'), { env }), { status: 0, lines: [] });
  });

  it('succeeds even when a file of its own does not work', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-prepare-'));
    try {
      fs.cpSync(path.join(root, 'scripts'), path.join(folder, 'scripts'), { recursive: true });
      fs.writeFileSync(
        path.join(folder, 'scripts', 'lib', 'toolchain.cjs'),
        "module.exports = { missingForBuild() { throw new Error('broken') } }",
      );
      const { status, lines } = run(path.join(folder, 'scripts', 'prepare.mjs'), { cwd: folder });
      assert.equal(status, 0);
      assert.match(lines.join('\n'), /node:net/);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('iocp-net build', () => {
  const cli = path.join(root, 'dist', 'cli.js');

  it('says what is missing, with the line that installs it', () => {
    const { status, lines } = run(cli, { args: ['build'] });
    assert.equal(status, 1);
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(
      lines[0],
      process.platform === 'linux' ? /missing for the build: .*g\+\+ cmake make/ : /no engine to build/,
    );
  });

  it('explains itself', () => {
    const { status, lines } = run(cli, { args: ['build', '--help'] });
    assert.equal(status, 0);
    assert.match(lines.join('\n'), /usage: iocp-net build/);
  });
});

describe("cmake's cache in a checkout that was moved", () => {
  const { forgetOtherPlace } = require('../../scripts/lib/native-build.cjs');
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-moved-'));
  const FILES = ['CMakeCache.txt', 'CMakeFiles', 'prepare.log'];
  after(() => fs.rmSync(parent, { recursive: true }));

  function configured(name, cache = (place) => `CMAKE_CACHEFILE_DIR:INTERNAL=${place}`) {
    const folder = path.join(parent, name);
    fs.mkdirSync(path.join(folder, 'CMakeFiles'), { recursive: true });
    // As cmake writes it on Windows: c:/build.
    const place = folder.replaceAll('\\', '/').replace(/^[A-Z]:/, (drive) => drive.toLowerCase());
    fs.writeFileSync(path.join(folder, 'CMakeCache.txt'), `# made by cmake\n${cache(place)}\n`);
    fs.writeFileSync(path.join(folder, 'prepare.log'), '');
    return folder;
  }

  it('is kept where it was made', () => {
    const folder = configured('kept');
    forgetOtherPlace(folder);
    assert.deepEqual(fs.readdirSync(folder).sort(), FILES);
  });

  it('is removed after a move, where cmake would refuse it, and nothing else is', () => {
    const elsewhere = path.join(parent, 'elsewhere');
    fs.renameSync(configured('moved'), elsewhere);
    forgetOtherPlace(elsewhere);
    assert.deepEqual(fs.readdirSync(elsewhere), ['prepare.log']);
  });

  it('is removed from a copy, and not from the original', () => {
    const [original, copy] = [configured('original'), path.join(parent, 'copy')];
    fs.cpSync(original, copy, { recursive: true });
    forgetOtherPlace(copy);
    assert.deepEqual(fs.readdirSync(copy), ['prepare.log']);
    assert.deepEqual(fs.readdirSync(original).sort(), FILES);
  });

  it('is kept when it does not say where, and need not be there', () => {
    const folder = configured('cut', () => '');
    forgetOtherPlace(folder);
    assert.deepEqual(fs.readdirSync(folder).sort(), FILES);
    forgetOtherPlace(path.join(parent, 'none'));
  });
});
