'use strict';

// A client for whose socket the process has no descriptor left: the error's words, fields and events are node:net's.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { packageRoot } = require('../support/transports.js');

const GUARD_MS = 60_000;
const DESCRIPTORS_MAX = 100;

const PROGRAM = `
  const fs = require('node:fs');
  const net = require(process.env.NET);
  const results = {};
  const error = (e) => [e.message.replaceAll(/:\\d{4,5}/g, ':PORT'), e.code, Object.keys(e).join(), ...(e.errors ?? []).map(error)];
  const addresses = [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }];
  const server = net.createServer().listen(0, '127.0.0.1', async () => {
    const { port } = server.address();
    const lookup = (host, options, found) => found(null, addresses);
    for (const [name, options] of Object.entries({
      'IPv4': { port, host: '127.0.0.1' },
      'IPv6': { port, host: '::1' },
      'a local address': { port, host: '127.0.0.1', localAddress: '127.0.0.1' },
      'a local port': { port, host: '127.0.0.1', localPort: 54321 },
      'several addresses': { port, host: 'several', lookup },
      'a path': { path: '/nowhere/at/all' },
    })) {
      const held = [];
      try { for (;;) held.push(fs.openSync('/dev/null')); } catch {}
      const events = (results[name] = []);
      const socket = net.connect(options);
      events.push(['connecting', socket.connecting]);
      for (const event of ['connectionAttempt', 'connectionAttemptFailed', 'error']) {
        socket.on(event, (...args) => events.push([event, ...args.filter((arg) => arg instanceof Error).map(error)]));
      }
      await new Promise((resolve) => socket.on('close', resolve));
      for (const descriptor of held) fs.closeSync(descriptor);
    }
    server.close();
    console.log(JSON.stringify(results));
  });`;

function outcome(NET) {
  const limited = `ulimit -n ${DESCRIPTORS_MAX} && exec "$0" -e "$1"`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', limited, process.execPath, PROGRAM], {
    cwd: packageRoot,
    encoding: 'utf8',
    env: { ...process.env, NET, NODE_OPTIONS: '' },
    timeout: GUARD_MS,
  });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return JSON.parse(stdout);
}

// Windows sets a process no such limit.
if (process.platform !== 'win32') {
  describe('no descriptor for a client', function () {
    this.timeout(2 * GUARD_MS);

    it('ends as over node:net', () => {
      const expected = outcome('node:net');
      for (const [name, events] of Object.entries(expected))
        assert.match(JSON.stringify(events), /EMFILE/, name);
      assert.deepEqual(outcome('iocp-net'), expected);
    });
  });
}
