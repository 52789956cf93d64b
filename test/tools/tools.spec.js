// The tools that look into net's sockets, or stand in for them, in their newest versions: test/tools/programs has one
// program each, which prints what its tool reports. It runs plainly and with the preload, on Node 22, which the newest
// versions need; the texts and the exit codes must be the same.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { fetchNode } = require('../../scripts/lib/node-package.cjs');
const { install } = require('./support/install.cjs');

const NODE_VERSION = '22.23.3';
const GUARD_MS = 60_000;

/** What the port has to have accepted and connected in each at the least. */
const TOOLS = {
  body: 1,
  'dd-trace': 4,
  deasync: 5,
  interceptors: 4,
  jest: 3,
  mitm: 2,
  msw: 2,
  newrelic: 3,
  nock: 3,
  'node-test': 3,
  'node-test-exception': 1,
  'on-net-listen': 1,
  opentelemetry: 4,
  'prom-client': 5,
  sinon: 3,
  undici: 5,
  vitest: 2,
  'why-is-node-running': 3,
  wtfnode: 2,
};

/** What is still not node:net's. Each of these fails when the difference is gone: the program then joins the others. */
const DIFFERENCES = {
  // New Relic runs an accepted connection's 'data' within net.Server.onconnection by replacing the handle's `onread`.
  onread: 'a handle has no `onread`',
};

/** Durations of node:test are its own. */
const withoutDurations = (text) => text.replace(/duration_ms:? [\d.]+/g, 'duration_ms N');

function run(node, folder, name, env) {
  return new Promise((resolve, reject) => {
    const { IOCP_NET_ENGINE, NODE_OPTIONS, NODE_DEBUG, ...rest } = process.env;
    const child = spawn(node, [path.join(folder, 'programs', `${name}.cjs`)], {
      cwd: folder,
      env: { ...rest, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    const guard = setTimeout(() => child.kill('SIGKILL'), GUARD_MS);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(guard);
      resolve({ code, signal, stdout: withoutDurations(stdout), stderr });
    });
  });
}

function readCounters(file) {
  const records = fs.readFileSync(file, 'utf8').trim().split('\n').map(JSON.parse);
  const sum = (key) => records.reduce((total, record) => total + record[key], 0);
  return {
    engines: new Set(records.map(({ engine }) => engine)),
    accepted: sum('accepted'),
    connected: sum('connected'),
  };
}

if (process.platform === 'linux') {
  describe('tools through the preload', function () {
    this.timeout(GUARD_MS * 3);
    let node;
    let folder;
    let remove;

    before(async function () {
      this.timeout(300_000);
      node = fetchNode('linux', NODE_VERSION);
      const installed = install();
      if (installed === undefined) this.skip(); // only where npm cannot be reached; the gate requires it
      ({ folder, remove } = installed);
    });

    after(() => remove?.());

    /** What a program prints plainly and with the preload, and what the port has carried then. */
    async function both(name) {
      const file = path.join(folder, `${path.basename(name)}.counters`);
      const preload = ['iocp-net/register', './support/counters.cjs'].map((each) => `--require ${each}`);
      const [plain, ours] = await Promise.all([
        run(node, folder, name, {}),
        run(node, folder, name, { NODE_OPTIONS: preload.join(' '), IOCP_NET_TOOL_COUNTERS: file }),
      ]);
      for (const { signal, stdout, stderr } of [plain, ours]) {
        assert.equal(signal, null, `did not end: ${stdout}\n${stderr}`);
        assert.notEqual(stdout, '', stderr);
      }
      return { plain, ours, counters: readCounters(file) };
    }

    for (const [name, least] of Object.entries(TOOLS)) {
      it(`${name}: the same report, carried by the port`, async () => {
        const { plain, ours, counters } = await both(name);
        assert.equal(ours.stdout, plain.stdout, ours.stderr);
        assert.deepEqual([ours.code, ours.signal], [plain.code, plain.signal], ours.stderr);
        const { engines, accepted, connected } = counters;
        assert.deepEqual([...engines], ['epoll']);
        assert.ok(accepted >= least && connected >= least, `${accepted} accepted, ${connected} connected`);
      });
    }

    for (const [name, title] of Object.entries(DIFFERENCES)) {
      it(`still different: ${title}`, async () => {
        const { plain, ours } = await both(`differences/${name}`);
        assert.notEqual(ours.stdout, plain.stdout);
      });
    }
  });
}
