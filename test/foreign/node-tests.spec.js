'use strict';

// The command that runs Node's own tests, shown on a small tree of tests of our own.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const root = path.resolve(__dirname, '../..');
const load = (name) => import(pathToFileURL(path.join(root, 'scripts', 'node-tests', name)).href);

const CONNECTION = `
  const net = require('node:net');
  const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
    net.connect(server.address().port, '127.0.0.1').resume().on('close', () => server.close());
  });
`;

const TREE = {
  'src/node_version.h':
    '#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 1\n#define NODE_PATCH_VERSION 2\n',
  'test/common/index.js': '',
  'test/parallel/test-net-fails.js': 'throw new Error("on both sides");',
  'test/parallel/test-net-flags.js': '// Flags: --expose-gc --no-warnings\nglobalThis.gc();',
  'test/parallel/test-net-internals.js': '// Flags: --expose-internals\nrequire("internal/net");',
  'test/parallel/test-net-lost.js': 'if (process.env.NODE_OPTIONS) throw new Error("on purpose");',
  'test/parallel/test-net-skipped.js': 'console.log("1..0 # Skipped: no reason");',
  'test/parallel/test-http-other.js': 'throw new Error("another module");',
  'test/sequential/test-net-same.js': CONNECTION,
};

function run(args) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-node-tests-spec-'));
  for (const [name, text] of Object.entries(TREE)) {
    fs.mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  // Its records are not those of the run that this spec belongs to.
  const { IOCP_NET_RESULTS: _, NODE_OPTIONS: __, ...env } = process.env;
  const command = [path.join(root, 'scripts', 'test-node.mjs'), ...args(folder)];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
      fs.rmSync(folder, { recursive: true, force: true });
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

describe('test:node', () => {
  if (process.platform === 'linux') {
    it('runs the files of a module with their flags, and reports what is lost', async () => {
      const { code, stdout } = await run((folder) => ['--folder', folder, '--modules', 'net']);
      assert.match(stdout, /tests of 20\.1\.2$/m);
      assert.match(stdout, /5 files; 3 tests pass plainly \(1 fail\), 2 over the preload; 1 lost/);
      assert.match(stdout, /lost: test\/parallel\/test-net-lost\.js/);
      assert.match(stdout, /on purpose/);
      assert.match(stdout, /^2 passed, 1 failed$/m);
      assert.equal(code, 1);
    });

    it('takes the test directory itself, and a part of the files', async () => {
      const args = (folder) => [
        '--folder',
        path.join(folder, 'test'),
        '--modules',
        'net',
        '--filter',
        'same',
      ];
      const { code, stdout } = await run(args);
      assert.match(stdout, /1 files; 1 tests pass plainly \(0 fail\), 1 over the preload; 0 lost/);
      assert.equal(code, 0);
    });

    it('says what to fetch, and what it does not know', async () => {
      const none = await run(() => []);
      assert.match(none.stderr, /git clone .*nodejs\/node/);
      assert.equal(none.code, 1);
      const module = await run((folder) => ['--folder', folder, '--modules', 'net,dgram']);
      assert.match(module.stderr, /expected some of net,tls,https,http2,http/);
      const empty = await run((folder) => ['--folder', path.join(folder, 'src')]);
      assert.match(empty.stderr, /there is no test\/common\/index\.js/);
    });
  }

  it('distinguishes modules, internals, flags and skipped tests', async () => {
    const { flagsOf, isSkipped, moduleOf, needsInternals } = await load('select.mjs');
    const names = ['test-http-a.js', 'test-http2-a.mjs', 'test-http.js', 'test-https-a.js', 'net-a.js'];
    assert.deepEqual(names.map(moduleOf), ['http', 'http2', 'http', 'https', undefined]);
    assert.equal(needsInternals('// Flags: --no-warnings --expose-internals\n'), true);
    assert.equal(needsInternals("const { internalBinding } = require('internal/test/binding');"), true);
    assert.equal(needsInternals("require('net'); // --expose-internals is not its flag"), false);
    assert.deepEqual(flagsOf("'use strict';\n// Flags: --a  --b=c\n// Flags: --d\n"), [
      '--a',
      '--b=c',
      '--d',
    ]);
    assert.equal(isSkipped('1..0 # Skipped: missing crypto\n'), true);
    assert.equal(isSkipped('1..1\nok 1\n'), false);
  });

  it('reads the version of the tests from either repository', async () => {
    const { versionOfTests } = await load('extract.mjs');
    const from = (name, text) => versionOfTests((file) => (file === name ? text : undefined));
    assert.equal(from('node_version.ts', 'export const version = "24.12.0";'), '24.12.0');
    assert.equal(from('vendor.ts', 'const tag = "v20.11.1";'), '20.11.1');
    assert.equal(from('README.md', ''), undefined);
  });

  it('replaces the rows of the modules that were run, and keeps the others', async () => {
    const { renderPage } = await load('page.mjs');
    const modules = ['net', 'tls'];
    const result = (suite, more) => ({
      ...{ suite, date: '2026-01-02', files: 9, internals: 1, failed: 2, plain: 6, carrying: 7 },
      ...{ defects: [], known: [], unsteady: [], ...more },
    });
    const lost = { kind: 'lost', file: 'test/a.js', plain: ['pass'], preload: ['fail'] };
    const run22 = { node: '22.3.4', tests: '22.1.0', machine: 'A machine' };
    let page = renderPage('', { ...run22, results: [result('net', { defects: [lost] })] }, [], modules);
    assert.match(page, /^\| net \| 2026-01-02 \| 10 \| 1 \| 1 \| 2 \| 6 \| 5 \| 1 \| 0 \| 0 \| 7 \|$/m);
    assert.match(page, /^- net: lost: test\/a\.js$/m);
    page = renderPage(page, { ...run22, node: '20.3.4', results: [result('tls')] }, [], modules);
    page = renderPage(page, { ...run22, results: [result('tls')] }, [], modules);
    assert.deepEqual(page.match(/^## Node .*|^\| (net|tls) |^- net/gm), [
      ...['## Node 20.3.4, tests of 22.1.0', '| tls '],
      ...['## Node 22.3.4, tests of 22.1.0', '| net ', '| tls ', '- net'],
    ]);
    page = renderPage(page, { ...run22, wine: true, results: [result('net')] }, [], modules);
    assert.deepEqual(page.match(/^## Node .*(?=,)|^\| (net|tls) /gm).slice(-4), [
      ...['| net ', '| tls '],
      ...['## Node 22.3.4 under Wine', '| net '],
    ]);
    page = renderPage(page, { ...run22, results: [result('net')] }, [], modules);
    assert.doesNotMatch(page, /^- net/m);
    page = renderPage(page, { ...run22, machine: 'Another', results: [result('net')] }, [], modules);
    assert.deepEqual(page.match(/^\| (net|tls) /gm), ['| tls ', '| net ', '| net ']);
  });

  it('gives a reason for each listed difference', async () => {
    const { MODULES } = await load('select.mjs');
    const file = path.join(root, 'scripts', 'node-tests', 'known.json');
    for (const { suite, file: test, reason } of JSON.parse(fs.readFileSync(file, 'utf8'))) {
      assert.ok(MODULES.includes(suite), suite);
      assert.match(test, /^test\/.*\.m?js$/);
      assert.ok(reason.length > 20, `${test}: ${reason}`);
    }
  });
});
