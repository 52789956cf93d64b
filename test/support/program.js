'use strict';

// Runs ordinary programs in processes of their own, with the port preloaded or without it.

const path = require('node:path');
const { fork, spawn } = require('node:child_process');
const { packageRoot } = require('./transports.js');
const { when } = require('./sockets.js');
const { startProcess } = require('./start-process.js');

const GUARD_MS = 60_000;
const PRELOADS = {
  none: [],
  require: ['--require', 'iocp-net/register'],
  import: ['--import', 'iocp-net/register'],
};
const ENGINE = process.platform === 'win32' ? 'iocp' : 'epoll';

function environment(env) {
  const { IOCP_NET_ENGINE, NODE_OPTIONS, NODE_DEBUG, ...rest } = process.env;
  return { ...rest, ...env };
}

/** Runs a program to its end. `source` is its text, or `file` its path. */
function run({
  source,
  file,
  args = [],
  execArgv = [],
  preload = 'none',
  env = {},
  cwd = packageRoot,
  guardMs = GUARD_MS,
  input,
}) {
  const program = file === undefined ? ['-e', source] : [file];
  return new Promise((resolve, reject) => {
    const child = startProcess(() =>
      spawn(process.execPath, [...PRELOADS[preload], ...execArgv, ...program, ...args], {
        cwd,
        env: environment(env),
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      }),
    );
    let stdout = '';
    let stderr = '';
    let late = false;
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    if (input !== undefined) child.stdin.end(input);
    const guard = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, guardMs);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(guard);
      if (late)
        reject(
          new Error(
            `the program did not end within ${guardMs} ms\nstdout: ${stdout.slice(-2000)}\nstderr: ${stderr.slice(-2000)}`,
          ),
        );
      else resolve({ code, signal, stdout, stderr: stderr.replaceAll('\r\n', '\n') });
    });
  });
}

/** A server program that is up: its address, its state on demand, and how to end it. */
class ServerProgram {
  constructor(child) {
    this.child = child;
    this.stdout = '';
    this.stderr = '';
    this.closed = when(child, 'close', GUARD_MS * 2).then(([code, signal]) => ({
      code,
      signal,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
    this.closed.catch(() => {});
    child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
  }

  /** The next message that has the key. */
  message(key) {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(guard);
        this.child.off('message', onMessage);
        this.child.off('close', onClose);
      };
      const onMessage = (message) => {
        if (!(key in message)) return;
        done();
        resolve(message[key]);
      };
      const onClose = (code, signal) => {
        done();
        reject(
          new Error(`the program ended (${code ?? signal}) before it answered: ${this.stderr.slice(-2000)}`),
        );
      };
      const guard = setTimeout(() => {
        done();
        reject(new Error(`no answer within ${GUARD_MS} ms: ${this.stderr.slice(-2000)}`));
      }, GUARD_MS);
      this.child.on('message', onMessage);
      this.child.on('close', onClose);
    });
  }

  state() {
    const answer = this.message('state');
    this.child.send('state');
    return answer;
  }

  /** Ends it and hands back {code, signal, stdout, stderr}. */
  end() {
    if (this.child.connected) this.child.send('exit', () => {});
    return this.closed;
  }
}

/** Starts a server program and waits until it listens. */
async function serve({ file, args = [], preload = 'none', env = {} }) {
  const child = startProcess(() =>
    fork(file, args, {
      execArgv: [...PRELOADS[preload], '--require', path.join(__dirname, 'observer.cjs')],
      cwd: packageRoot,
      env: environment(env),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    }),
  );
  const program = new ServerProgram(child);
  program.address = await program.message('listening');
  return program;
}

module.exports = { run, serve, PRELOADS, ENGINE };
