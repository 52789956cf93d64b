'use strict';

// The comparison of other projects' suites, shown on small suites with a difference of each kind.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const root = path.resolve(__dirname, '../..');
const fixtures = path.join(__dirname, 'fixtures');
const load = (name) => import(pathToFileURL(path.join(root, 'scripts', 'foreign', name)).href);

/** Runs the command on one of the fixtures' suites. */
function run(suite, ...more) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-foreign-spec-'));
  const json = path.join(folder, 'results.json');
  const args = [
    path.join(root, 'scripts', 'test-foreign.mjs'),
    ...['--suites', path.join(fixtures, 'suites.mjs'), '--known', path.join(fixtures, 'known.json')],
    ...['--folder', `${suite}=${path.join(fixtures, 'suite')}`, '--rounds', '1', '--json', json],
    ...more,
    suite,
  ];
  return new Promise((resolve) => {
    // Its records are not those of the run that this spec belongs to.
    const { IOCP_NET_RESULTS: _, ...env } = process.env;
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      const [result] = fs.existsSync(json) ? JSON.parse(fs.readFileSync(json, 'utf8')) : [];
      fs.rmSync(folder, { recursive: true, force: true });
      resolve({ code: error?.code ?? 0, stdout, stderr, result });
    });
  });
}

function short(differences) {
  return differences.map(({ kind, file, test }) => `${kind} ${file}: ${test}`).sort();
}

describe('test:foreign', () => {
  // It ends process groups, and other people's suites are run on Linux alone.
  if (process.platform === 'linux') {
    it('compares node:test by test, and distinguishes listed differences from new ones', async () => {
      const { code, result, stdout } = await run('runner-node');
      assert.deepEqual(short(result.defects), [
        'gained one.node.js: outer > gained',
        'lost one.node.js: outer > twice (2)',
      ]);
      assert.deepEqual(short(result.known), ['lost one.node.js: outer > lost']);
      assert.deepEqual([result.plain, result.preload, result.same], [4, 3, 2]);
      assert.ok(result.carried > 0, stdout);
      assert.equal(code, 1);
    });

    it('reports a crash, and the tests of its process that did not run', async () => {
      const { code, result } = await run('runner-mocha');
      assert.deepEqual(short(result.defects), [
        'lost : (process)',
        'lost two.mocha.js: crash does not run',
        'lost two.mocha.js: crash ends the process',
      ]);
      const crash = result.defects.find(({ test }) => test === '(process)');
      assert.match(crash.error, /ended by SIGKILL, during: crash ends the process/);
      assert.equal(code, 1);
    });

    it('fails when there is no difference where one is listed', async () => {
      const { code, result, stdout } = await run('runner-mocha', '--file', 'one.');
      assert.deepEqual(result.defects, []);
      assert.deepEqual(
        result.gone.map(({ test }) => test),
        ['mocha same'],
      );
      assert.match(stdout, /listed, but there is no difference: one\.mocha\.js: mocha same/);
      assert.equal(code, 1);
    });

    it('reads TAP, and reports an exit code that no failed test explains', async () => {
      const { result } = await run('runner-script');
      assert.deepEqual(short(result.defects), ['lost one.script.js: (process)']);
      assert.match(result.defects[0].error, /exit code 3 without a failed test/);
      assert.equal(result.same, 2);
    });

    it('reports a process that does not end', async () => {
      const { result } = await run('hangs');
      assert.deepEqual(short(result.defects), ['lost hangs.js: (program)']);
      assert.match(result.defects[0].error, /did not end in time/);
    });

    it('fails when a suite never reached the port', async () => {
      const { code, result, stdout } = await run('silent');
      assert.equal(result.carried, 0);
      assert.match(stdout, /the port has carried nothing/);
      assert.equal(code, 1);
    });
  }

  it('calls a test unsteady that passes now and then, and does not judge a listed one by it', async () => {
    const { compare, judge } = await load('compare.mjs');
    const round = (status) => ({ tests: new Map([['file\0test', { status }]]) });
    const [pass, fail] = [round('pass'), round('fail')];
    const kinds = (plain, preload) => compare(plain, preload).map(({ kind }) => kind);
    assert.deepEqual(kinds([pass, pass], [fail, fail]), ['lost']);
    assert.deepEqual(kinds([pass, pass], [fail, pass]), ['unsteady']);
    assert.deepEqual(kinds([pass, fail], [fail, fail]), ['unsteady']);
    assert.deepEqual(kinds([fail], [pass]), ['gained']);
    assert.deepEqual(kinds([round('skip')], [fail]), []);
    assert.deepEqual(kinds([pass], [{ tests: new Map() }]), ['lost']);
    const listed = [{ file: 'file', test: 'test', reason: 'a reason' }];
    const judged = judge(compare([pass, pass], [fail, pass]), listed, new Set(['file\0test']));
    assert.equal(judged.unsteady.length, 1);
    assert.deepEqual([judged.defects, judged.known, judged.gone], [[], [], []]);
  });

  it('names nested test points of TAP by their parents', async () => {
    const { readTap } = await load('runners.mjs');
    const text = '    not ok 1 - inner\n    ok 2 - other # TODO later\nnot ok 1 - outer\nok 2 - next\n';
    assert.deepEqual(
      readTap(text).map(({ test, status }) => [test, status]),
      [
        ['outer > inner', 'fail'],
        ['outer > other', 'todo'],
        ['outer', 'inner'],
        ['next', 'pass'],
      ],
    );
  });

  it('gives a reason for each listed difference, and names a suite that exists', async () => {
    const { suites } = await load('suites.mjs');
    const known = JSON.parse(fs.readFileSync(path.join(root, 'scripts', 'foreign', 'known.json'), 'utf8'));
    const names = new Set(suites.map(({ name }) => name));
    for (const { suite, file, test, reason } of known) {
      assert.ok(names.has(suite), suite);
      for (const text of [file, test, reason]) assert.equal(typeof text, 'string');
      assert.ok(reason.length > 20, `${suite}: ${test}: ${reason}`);
    }
    assert.equal(new Set(suites.map(({ name }) => name)).size, suites.length);
  });
});
