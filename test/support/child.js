'use strict';

// Runs a function in a process of its own: for what must not happen in the test runner (uncaught exceptions, exit).

const { spawn } = require('node:child_process');
const { packageRoot } = require('./transports.js');
const { startProcess } = require('./start-process.js');
const { simulated } = require('./simulation.js');

const CHILD_GUARD_MS = 45_000;
const SIMULATION = simulated ? ['--require', require.resolve('./simulation.js')] : [];

/**
 * The function is sent as source text: it sees only its own parameters `(net, report, ...args)`.
 * `report(value)` hands a value to the parent.
 * @returns {Promise<{code: number|null, signal: string|null, reports: any[], stderr: string}>}
 */
function inChild(transport, fn, { args = [], execArgv = [], env = {}, guardMs = CHILD_GUARD_MS } = {}) {
  const source = `
    'use strict';
    const report = (value) => require('node:fs').writeSync(1, JSON.stringify(value ?? null) + '\\n');
    (${fn})(require(${JSON.stringify(transport.id)}), report, ...${JSON.stringify(args)});`;
  return new Promise((resolve, reject) => {
    const child = startProcess(() =>
      spawn(process.execPath, [...execArgv, ...SIMULATION, '-e', source], {
        cwd: packageRoot,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NODE_OPTIONS: '', ...env },
      }),
    );
    let stdout = '';
    let stderr = '';
    let late = false;
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    const guard = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, guardMs);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(guard);
      if (late) {
        reject(new Error(`the child did not end within ${guardMs} ms\nstdout: ${stdout}\nstderr: ${stderr}`));
        return;
      }
      try {
        const reports = stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line));
        resolve({ code, signal, reports, stderr });
      } catch (error) {
        reject(new Error(`the child printed something else: ${stdout}\nstderr: ${stderr}`, { cause: error }));
      }
    });
  });
}

module.exports = { inChild };
