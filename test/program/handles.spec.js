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
      if (kind === 'Unix socket' && scenario === 'server') continue;
      it(`${scenario}, over ${kind}`, async () => {
        const name = () => (kind === 'TCP' ? undefined : localName());
        const expected = await outcome(scenario, name(), {}, {});
        for (const [parent, parentMode] of Object.entries(MODES)) {
          for (const [child, childMode] of Object.entries(MODES)) {
            if (parent === 'node:net' && child === 'node:net') continue;
            const actual = await outcome(scenario, name(), parentMode, childMode);
            assert.deepEqual(actual, expected, `${parent} to ${child}`);
          }
        }
      });
    }
  }
});
