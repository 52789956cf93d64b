'use strict';

// The harness of the contract suite has to fail when it should: these specs break what it guards.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Trace } = require('../support/trace.js');
const { packageRoot } = require('../support/transports.js');

const mocha = require.resolve('mocha/bin/mocha.js');
const support = JSON.stringify(path.join(packageRoot, 'test/support/contract.js'));

/** Runs a spec file of this text in a mocha of its own; resolves with its JSON report. */
async function runSpecs(text, env = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-harness-'));
  const spec = path.join(folder, 'x.spec.js');
  const output = path.join(folder, 'report.json');
  fs.writeFileSync(spec, `const { contract, differential } = require(${support});\n${text}`);
  try {
    await new Promise((resolve) => {
      const args = [
        mocha,
        '--no-config',
        '--exit',
        '--reporter',
        'json',
        '--reporter-option',
        `output=${output}`,
        spec,
      ];
      execFile(process.execPath, args, { cwd: packageRoot, env: { ...process.env, ...env } }, resolve);
    });
    return JSON.parse(fs.readFileSync(output, 'utf8'));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const messages = ({ failures }) => failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message}`);

describe('contract harness', function () {
  this.timeout(120_000);

  it('fails a spec that leaves a server or socket open, names it, and clears it away for the next', async () => {
    const report = await runSpecs(
      `contract('leaks', ({ net, it }) => {
        it('server', () => new Promise((resolve) => net.createServer().listen(0, '127.0.0.1', resolve)));
        it('socket', () => new Promise((resolve) => {
          const server = net.createServer((s) => server.close(resolve) && s.unref()).listen(0, '127.0.0.1', () => {
            net.connect(server.address().port, '127.0.0.1').on('connect', () => setTimeout(resolve, 100));
          });
        }));
        it('clean', () => new Promise((resolve) => {
          const server = net.createServer().listen(0, '127.0.0.1', () => server.close(resolve));
        }));
      });`,
      { IOCP_NET_CONTRACT_SETTLE_MS: '1000' },
    );
    const failed = messages(report).sort();
    assert.equal(failed.length, 4, failed.join('\n'));
    for (const [index, half] of ['iocp-net', 'iocp-net', 'node:net', 'node:net'].entries()) {
      assert.match(failed[index], new RegExp(`^leaks ${half} (server|socket): ${half} left open: \\d`));
    }
    assert.equal(report.stats.passes, 2);
  });

  it('fails a scenario whose two traces differ, and one that compares nothing', async () => {
    const report = await runSpecs(`
      let round = 0;
      differential('d', ({ same }) => {
        same('differs', (net, trace) => trace.push('round', round++));
        same('equal', (net, trace) => trace.push('round', 1));
        same('empty', () => {});
      }, { traffic: false });`);
    assert.deepEqual(
      messages(report).map((text) => text.split('\n')[0].replace(/:.*/, '')),
      ['d node', 'd node'],
    );
    assert.equal(report.stats.passes, 1);
    assert.match(messages(report)[1], /nothing to compare/);
  });

  it('fails when no native engine does the work', async () => {
    const text = `contract('c', ({ net, it }) => {
      it('works', () => new Promise((resolve) => {
        const server = net.createServer().listen(0, '127.0.0.1', () => server.close(resolve));
      }));
    });`;
    const fallback = messages(await runSpecs(text, { IOCP_NET_ENGINE: 'libuv' }));
    assert.notEqual(fallback.length, 0);
    for (const text of fallback) assert.match(text, /engine, this is "libuv"/);
  });

  it('fails when specs that say they make traffic make none', async () => {
    const idle = messages(await runSpecs(`contract('c', ({ it }) => { it('does nothing', () => {}); });`));
    assert.equal(idle.length, 1);
    assert.match(idle[0], /the engine counted no/);
  });

  it('leaves the package out only when asked to, and says so', async () => {
    const text = `contract('c', ({ it }) => { it('is there', () => {}); }, { traffic: false });`;
    const titles = ({ tests }) => tests.map(({ fullTitle }) => fullTitle);
    assert.deepEqual(titles(await runSpecs(text)), ['c node:net is there', 'c iocp-net is there']);
    assert.deepEqual(titles(await runSpecs(text, { IOCP_NET_CONTRACT: 'node' })), ['c node:net is there']);
  });
});

describe('Trace', () => {
  it('names random values in numbers and texts, and keeps the fields of errors', () => {
    const trace = new Trace().alias(4711, 'port');
    const error = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:4711'), {
      code: 'ECONNREFUSED',
      port: 4711,
    });
    trace.push('error', error, 4711, 47110, 'x4711y', Buffer.from('4711'));
    const [[, plainError, ...rest]] = trace.entries;
    assert.equal(plainError.message, 'connect ECONNREFUSED 127.0.0.1:<port>');
    assert.equal(plainError.port, '<port>');
    assert.deepEqual(plainError.keys, ['code', 'port']);
    assert.deepEqual(rest, ['<port>', 47110, 'x<port>y', '[Buffer <port>]']);
  });

  it('distinguishes an error from a text, undefined from null, and a view by its bytes', () => {
    const trace = new Trace();
    trace.push('x', new TypeError('t'), 't', undefined, null, new Uint8Array([65]));
    const [[, error, ...rest]] = trace.entries;
    assert.equal(error.class, 'TypeError');
    assert.deepEqual(rest, ['t', undefined, null, '[Uint8Array A]']);
  });

  it('splits by label', () => {
    const trace = new Trace().push('C.a').push('s.b', 1).push('C.c');
    assert.deepEqual(trace.lanes(), { C: ['C.a', 'C.c'], s: [['s.b', 1]] });
  });
});
