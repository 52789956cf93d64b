'use strict';

// Programs that change what everything inherits from, by accident (a polluted Object.prototype) or on purpose (frozen
// intrinsics): the same connections and the same errors as over node:net.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { run } = require('../support/program.js');
const { packageRoot } = require('../support/transports.js');

const file = path.join(__dirname, 'fixtures', 'hardened.js');
const WAYS = {
  'iocp-net': { NET: 'iocp-net' },
  'node:net after install()': { NET: 'node:net', INSTALL: '1' },
};

async function outcome(env, execArgv = []) {
  const { code, signal, stdout, stderr } = await run({ file, env, execArgv });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

function same(title, env, execArgv, check) {
  it(title, async () => {
    const expected = await outcome({ ...env, NET: 'node:net' }, execArgv);
    check?.(expected);
    for (const [way, own] of Object.entries(WAYS)) {
      const actual = await outcome({ ...env, ...own }, execArgv);
      for (const [name, wanted] of Object.entries(expected)) {
        // Where node:net itself throws in the middle of things, ours may do better.
        if (wanted.includes('uncaught')) assert.doesNotMatch(actual[name], /iocp-net/);
        else assert.equal(actual[name], wanted, `${way}: ${name}`);
      }
    }
  });
}

const works = ({ only }) => {
  assert.match(only, /server: text bytes/);
  assert.match(only, /client: text bytes/);
  assert.match(only, /ECONNREFUSED/);
};

describe('hardened and polluted programs', function () {
  this.timeout(300_000);

  it('no file of the package writes a descriptor that inherits', () => {
    const folder = path.join(packageRoot, 'dist');
    // Without what an earlier build has left.
    const source = (name) => path.join(packageRoot, 'lib', name.replace(/\.js$/, '.ts'));
    const files = fs
      .readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.js') && fs.existsSync(source(name)));
    assert.ok(files.length > 20);
    for (const name of files) {
      const text = fs.readFileSync(path.join(folder, name), 'utf8');
      const calls =
        text.match(/(?:Object|Reflect)\.definePropert(?:y\([^;{]*\{ __proto__: null,|y|ies)/g) ?? [];
      assert.deepEqual(
        calls.filter((call) => !call.endsWith('__proto__: null,')),
        [],
        name,
      );
    }
  });

  describe('Object.prototype has, from before the load on', () => {
    for (const name of [
      'get',
      'set',
      'value',
      'writable',
      'enumerable',
      'configurable',
      'stage',
      'backlog',
      'host',
    ]) {
      same(name, { BEFORE: name }, [], works);
    }
  });

  describe('Object.prototype has, later', () => {
    for (const names of [
      'get set value writable enumerable configurable',
      'encoding length code errno status stage name address',
      // Not `port`: the error of a path then has it, which node:net reads from a request that inherits it.
      'path host family lookup all localAddress localPort hints',
      'backlog exclusive ipv6Only reusePort blockList',
      'handle fd onread highWaterMark readableHighWaterMark objectMode readable allowHalfOpen signal construct',
      'noDelay keepAlive keepAliveInitialDelay typeOfService pipe owner kind next type pauseOnCreate manualStart',
    ]) {
      same(names, { NAMES: names });
    }
  });

  for (const HARDEN of [
    'none',
    'no captureStackTrace',
    'no stackTraceLimit',
    'a stackTraceLimit that throws',
    'frozen Error',
    'frozen errors',
  ]) {
    same(HARDEN === 'none' ? 'options without a prototype' : HARDEN, { HARDEN }, [], works);
  }
  // On Node 25 and later a global of Node's cannot be frozen so.
  if (Number.parseInt(process.versions.node, 10) < 25)
    same('frozen globals', { HARDEN: 'frozen globals' }, [], works);
  same('--frozen-intrinsics', {}, ['--frozen-intrinsics', '--no-warnings'], works);
});
