'use strict';

// What loading the package brings along: nothing that a program may never use.

const assert = require('node:assert/strict');
const { run } = require('../support/program.js');

const DEAR = ['crypto', 'http', 'https', 'http2', 'tls', 'dns', 'worker_threads', 'child_process', 'cluster'];
const source = `
  const loaded = () => new Set(process.moduleLoadList.filter((name) => name.startsWith('NativeModule ')));
  const before = loaded();
  require('iocp-net');
  const more = [...loaded()].filter((name) => !before.has(name)).map((name) => name.slice('NativeModule '.length));
  console.log(JSON.stringify(more.filter((name) => ${JSON.stringify(DEAR)}.includes(name))));`;

describe('loading', function () {
  this.timeout(60_000);
  it('brings no module of Node along that costs something', async () => {
    const { stdout } = await run({ source });
    assert.deepEqual(JSON.parse(stdout), []);
  });
});
