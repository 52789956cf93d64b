'use strict';
// Every command explains itself, and does nothing else then.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');

const root = path.resolve(__dirname, '../..');
const run = promisify(execFile);

const commands = ['scripts', 'benchmarks'].flatMap((folder) =>
  fs
    .readdirSync(path.join(root, folder))
    .filter((name) => /\.[cm]js$/.test(name))
    .map((name) => `${folder}/${name}`),
);

describe('--help of the scripts', function () {
  this.timeout(60_000);
  before(function () {
    if (process.platform === 'win32') this.skip(); // these are a developer's, on Linux
  });

  for (const command of commands) {
    it(command, async () => {
      const { stdout, stderr } = await run(process.execPath, [command, '--help'], { cwd: root });
      assert.match(stdout, /^usage: /);
      assert.equal(stderr, '');
    });
  }
});

describe('--help of the commands that a user has', function () {
  this.timeout(60_000);
  for (const command of ['doctor', 'build', 'bench']) {
    it(`iocp-net ${command}`, async () => {
      const { stdout } = await run(process.execPath, ['dist/cli.js', command, '--help'], { cwd: root });
      assert.match(stdout, /^usage: /);
    });
  }
});
