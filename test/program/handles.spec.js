'use strict';

// subprocess.send(message, socket | server), process.send, sockets as stdio: programs see what they see with node:net,
// whichever of the two processes is on the port.

const assert = require('node:assert/strict');
const path = require('node:path');
const { packageRoot } = require('../support/transports.js');
const { run, PRELOADS } = require('../support/program.js');
const { localName, isWindows } = require('../support/local-names.js');

const file = path.join(__dirname, 'fixtures', 'handles.js');
const SCENARIOS = [
  'server',
  'again',
  'sockets',
  'counting',
  'keepOpen',
  'upwards',
  'nothingToSend',
  'order',
  'stdio',
  'deadChild',
];
const MODES = { 'node:net': {}, preload: { preload: 'require' }, 'iocp-net': { net: packageRoot } };

// On Windows a socket of the port stays where it is, and its message arrives alone; a server is moved to libuv and sent.
// So there only sockets of node:net arrive, whoever receives them. Not verified on Windows.
const SENDERS = { sockets: 'parent', counting: 'parent', keepOpen: 'parent', upwards: 'child' };

/** The modes of parent and child that are compared with node:net in both. */
function pairs(scenario) {
  const all = Object.keys(MODES).flatMap((parent) => Object.keys(MODES).map((child) => ({ parent, child })));
  const sender = isWindows ? SENDERS[scenario] : undefined;
  return all.filter(({ parent, child }) => {
    if (parent === 'node:net' && child === 'node:net') return false;
    // The two ways to be on the port are distinguished on Linux alone: under Wine a process takes long to start.
    if (isWindows && (parent === 'iocp-net' || child === 'iocp-net')) return false;
    return sender === undefined || (sender === 'parent' ? parent : child) === 'node:net';
  });
}

/** What the child gets of handles that come from a parent on the port of Windows. */
function withoutSockets(scenario, seen) {
  if (scenario === 'nothingToSend') return seen.map(([message]) => [message, 'nothing']);
  if (scenario !== 'order') return seen;
  const SERVER = 3;
  const [messages, returned] = seen;
  return [messages.map(([n, what]) => [n, n === SERVER ? what : 'nothing']), returned];
}

async function outcome(scenario, name, parent, child) {
  const { code, signal, stdout, stderr } = await run({
    file,
    args: name ? [scenario, name] : [scenario],
    preload: parent.preload ?? 'none',
    env: {
      NET: parent.net ?? 'node:net',
      CHILD_NET: child.net ?? 'node:net',
      CHILD_EXEC_ARGV: JSON.stringify(PRELOADS[child.preload ?? 'none']),
    },
  });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

describe('handles between processes', function () {
  this.timeout(120_000);

  for (const kind of isWindows ? ['TCP'] : ['TCP', 'Unix socket']) {
    for (const scenario of SCENARIOS) {
      // The file of a Unix socket goes with the listener that made it, whoever else listens on it.
      if (kind === 'Unix socket' && ['server', 'again'].includes(scenario)) continue;
      if (isWindows && scenario === 'stdio') continue; // node:net itself refuses it: see below
      it(`${scenario}, over ${kind}`, async () => {
        const name = () => (kind === 'TCP' ? undefined : localName());
        const played = (parent, child) => outcome(scenario, name(), MODES[parent], MODES[child]);
        // Side by side: each is mostly waiting for its processes to start.
        const plain = played('node:net', 'node:net');
        const others = pairs(scenario).map(async ({ parent, child }) => {
          const [actual, expected] = await Promise.all([played(parent, child), plain]);
          const stays = isWindows && parent !== 'node:net';
          assert.deepEqual(
            actual,
            stays ? withoutSockets(scenario, expected) : expected,
            `${parent} to ${child}`,
          );
        });
        assert.ok(others.length > 0);
        await Promise.all(others);
      });
    }
  }

  // node:net keeps the handle until the child has answered, and loses what has not left by then.
  if (!isWindows) {
    it('what a socket has written before it is sent leaves', async () => {
      const sent = path.join(__dirname, 'fixtures', 'sent-with-bytes.js');
      const { stdout } = await run({ file: sent, preload: 'require' });
      assert.equal(stdout, `${8 * 1024 * 1024 + 1} written\n`);
    });
  }

  if (isWindows) {
    it('stdio: no socket becomes the standard stream of a child', async () => {
      for (const [parent, { preload, net }] of Object.entries(MODES)) {
        const { code, stderr } = await run({
          file,
          args: ['stdio'],
          preload,
          env: { NET: net ?? 'node:net' },
        });
        assert.equal(code, 1, parent);
        assert.match(stderr, parent === 'node:net' ? /ENOTSUP/ : /ERR_INVALID_ARG_VALUE/, parent);
      }
    });
  }
});
