'use strict';

// Node's startup snapshots hold no addon: what is loaded while one is built is node:net, and says why; what is loaded when
// it starts is carried by the engine.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { run, ENGINE } = require('../support/program.js');
const { packageRoot } = require('../support/transports.js');

const file = path.join(__dirname, 'fixtures', 'snapshot.js');
const REASON = 'a startup snapshot is being built, which cannot hold an addon';

describe('startup snapshots', function () {
  this.timeout(120_000);
  let folder;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-snapshot-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** The snapshot of the program, with an entry of the package in it or with none. */
  async function built(LOAD, flag = '--build-snapshot') {
    const blob = path.join(folder, `${LOAD}${flag}.blob`);
    if (fs.existsSync(blob)) return blob;
    const result = await run({
      file,
      execArgv: ['--no-warnings', '--snapshot-blob', blob, flag],
      env: { LOAD, ROOT: packageRoot },
    });
    assert.deepEqual(result, { code: 0, signal: null, stdout: '', stderr: '' });
    return blob;
  }

  async function started({ load = '', late = '', preload, flag }) {
    const execArgv = ['--snapshot-blob', await built(load, flag)];
    const env = { LATE: late, ROOT: packageRoot };
    const { code, stdout, stderr } = await run({ file, execArgv, env, preload });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    return JSON.parse(stdout);
  }

  for (const entry of ['index', 'register']) {
    it(`${entry}, loaded while it is built, is node:net and says why`, async () => {
      const { text, name, reason } = await started({ load: entry });
      assert.deepEqual({ text, name, reason }, { text: 'echo', name: 'libuv', reason: REASON });
    });
  }

  it('so it is when the flag is spelled with underscores', async () => {
    const { name, reason } = await started({ load: 'index', flag: '--build_snapshot' });
    assert.deepEqual({ name, reason }, { name: 'libuv', reason: REASON });
  });

  it('the package, loaded when it starts, has its engine', async () => {
    const { text, name, accepted } = await started({ late: 'index' });
    assert.deepEqual({ text, name, accepted }, { text: 'echo', name: ENGINE, accepted: 1 });
  });

  it('a program that knows nothing of it is carried by the preload', async () => {
    const { text, name, accepted } = await started({ preload: 'require' });
    assert.deepEqual({ text, name, accepted }, { text: 'echo', name: ENGINE, accepted: 1 });
  });
});
