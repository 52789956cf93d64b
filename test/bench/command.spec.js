'use strict';
// The commands as a user starts them.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');

const ROOT = path.join(__dirname, '..', '..');
const CLI = path.join(ROOT, 'dist', 'cli.js');
const COMPARE = path.join(ROOT, 'benchmarks', 'compare.mjs');

function run(script, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        output[name] += text;
      });
    }
    child.once('close', (code) => resolve({ code, ...output }));
  });
}

describe('bench: iocp-net doctor', () => {
  it('reports the engine, the addon and the features, and that a byte came back', async () => {
    const { code, stdout } = await run(CLI, ['doctor', '--json']);
    const report = JSON.parse(stdout);
    assert.equal(code, 0, stdout);
    assert.equal(report.engine, process.platform === 'win32' ? 'iocp' : 'epoll');
    assert.equal(report.roundTrip, 'ok');
    assert.ok(fs.existsSync(report.addon), report.addon);
    assert.ok(Object.keys(report.features).length >= 5);
    for (const available of Object.values(report.features)) assert.equal(typeof available, 'boolean');
    assert.equal(report.node, process.version);
  });

  it('says why there is no engine, with exit code 1', async () => {
    const { code, stdout } = await run(CLI, ['doctor'], { IOCP_NET_ENGINE: 'libuv' });
    assert.equal(code, 1);
    assert.match(stdout, /engine +libuv: IOCP_NET_ENGINE=libuv asks for node:net/);
    assert.match(stdout, /everything: iocp-net is node:net here/);
  });

  it('is for people without --json', async () => {
    const { code, stdout } = await run(CLI, ['doctor']);
    assert.equal(code, 0);
    assert.match(stdout, /round trip +ok/);
  });
});

describe('bench: iocp-net', () => {
  it('prints its commands and its version', async () => {
    const help = await run(CLI, ['--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /doctor[\s\S]*bench/);
    const { version } = require('../../package.json');
    assert.equal((await run(CLI, ['--version'])).stdout.trim(), version);
  });

  for (const args of [[], ['benhc'], ['doctor', '--loud'], ['bench', '--loud']]) {
    it(`refuses ${['iocp-net', ...args].join(' ')}`, async () => {
      const { code, stderr } = await run(CLI, args);
      assert.equal(code, 1);
      assert.notEqual(stderr, '');
    });
  }
});

describe('bench: a run', function () {
  this.timeout(300_000); // programs may have to be built first

  let folder;
  let json;

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-bench-'));
    json = path.join(folder, 'result.json');
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const cells = ['--quick', '--scenario', 'depth=16'];

  it('measures each transport, writes the result and the page', async () => {
    const html = path.join(folder, 'result.html');
    const transports = ['--transport', 'node:net,iocp-net,floor'];
    const args = ['bench', ...cells, ...transports, '--rounds', '1', '--json', json, '--html', html];
    const { code, stdout, stderr } = await run(CLI, args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Where node:net is faster/);
    const result = JSON.parse(fs.readFileSync(json, 'utf8'));
    assert.equal(result.status, 'complete');
    assert.equal(result.engines['iocp-net'], process.platform === 'win32' ? 'iocp' : 'epoll');
    const plain = result.cells.find(({ id }) => id === 'echo/connections=50,bytes=64,depth=16');
    // node:net a second time is the control.
    for (const name of ['node:net', 'iocp-net', 'floor', 'node:net#2']) {
      const [warm] = plain.warmUps[name];
      assert.ok(warm.windows >= 1 && warm.firstUs > 0 && typeof warm.steady === 'boolean', name);
      const [sample] = plain.samples[name];
      assert.ok(sample.cpuUs > 0 && sample.rate > 0, name);
      assert.ok(sample.p50Us <= sample.p99Us && sample.p99Us <= sample.maxUs, name);
    }
    assert.match(fs.readFileSync(html, 'utf8'), /^<!doctype html>/);
    assert.match(stdout, /^A quick run: [^\n]*may claim little\.\n/);
    assert.match(stdout, /\nNo verdict on iocp-net: no cell has enough rounds\.\n/);
  });

  it('measures the cold start, and what a proxy needs, in processes of their own', async () => {
    const file = path.join(folder, 'cold.json');
    const ids = ['echo/connections=1,bytes=64,first=1', 'proxy/connections=50,bytes=64'];
    const scenarios = ids.flatMap((id) => ['--scenario', id]);
    const args = [...scenarios, '--transport', 'node:net,iocp-net', '--rounds', '1', '--json', file];
    const { code, stderr } = await run(CLI, ['bench', ...args]);
    assert.equal(code, 0, stderr);
    const { cells: measured } = JSON.parse(fs.readFileSync(file, 'utf8'));
    assert.deepEqual(
      measured.map(({ id }) => id),
      ids.toReversed(),
    );
    for (const { id, samples, failed } of measured) {
      assert.deepEqual(failed, {}, id);
      for (const name of ['node:net', 'iocp-net']) assert.ok(samples[name][0].cpuUs > 0, `${id} ${name}`);
    }
  });

  it('keeps what would name the machine out of the result', () => {
    const text = fs.readFileSync(json, 'utf8');
    for (const secret of [os.hostname(), ROOT, os.homedir()]) {
      assert.ok(!JSON.stringify(JSON.parse(text).machine).includes(JSON.stringify(secret).slice(1, -1)));
    }
    assert.ok(!text.includes(JSON.stringify(ROOT).slice(1, -1)));
  });

  it('goes on where a run ended', async () => {
    const { length } = JSON.parse(fs.readFileSync(json, 'utf8')).cells;
    const args = [
      'bench',
      '--quick',
      '--transport',
      'node:net,iocp-net,floor',
      '--rounds',
      '2',
      '--resume',
      json,
    ];
    const { code, stderr } = await run(CLI, args);
    assert.equal(code, 0, stderr);
    const result = JSON.parse(fs.readFileSync(json, 'utf8'));
    assert.equal(result.cells.length, length);
    for (const cell of result.cells) {
      assert.deepEqual(
        cell.samples['node:net'].map(({ round }) => round),
        [0, 1],
      );
    }
  });

  it('does not go on with other transports', async () => {
    const { code, stderr } = await run(CLI, ['bench', '--transport', 'node:net', '--resume', json]);
    assert.equal(code, 1);
    assert.match(stderr, /compares other transports/);
  });

  // A console's Ctrl+C goes to everything in the foreground; no other process may end a measurement by it.
  if (process.platform !== 'win32') {
    it('ends in order on Ctrl+C, and has what there is', async () => {
      const file = path.join(folder, 'interrupted.json');
      const args = [
        '--quick',
        '--scenario',
        'depth=16',
        '--scenario',
        'churn',
        '--rounds',
        '1',
        '--json',
        file,
      ];
      const child = spawn(process.execPath, [CLI, 'bench', ...args], { cwd: ROOT, detached: true });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
      });
      child.stderr.resume();
      // It is written after the first of the two cells.
      while (!fs.existsSync(file) && child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      process.kill(-child.pid, 'SIGINT');
      const [code] = await once(child, 'close');
      assert.equal(code, 0, stdout);
      const { status, cells: measured } = JSON.parse(fs.readFileSync(file, 'utf8'));
      assert.equal(status, 'interrupted');
      assert.equal(measured[0].samples['iocp-net'].length, 1);
      for (const { failed } of measured) assert.deepEqual(failed, {});
      assert.match(stdout, /This run is interrupted\./);
      assert.match(stdout, /No verdict on iocp-net/);
      assert.match(stdout, /to go on: --resume /);
    });
  }

  it('is compared with another', async () => {
    const { code, stdout } = await run(COMPARE, [json, json]);
    assert.equal(code, 0);
    assert.match(stdout, /iocp-net, as a ratio to node:net in the same run/);
    assert.match(stdout, /0 of \d+ cells differ/);
  });
});
