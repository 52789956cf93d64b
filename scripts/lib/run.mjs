// Runs a program with a time limit; its output goes to the console, or to a file that is followed on the console.
import { spawn } from 'node:child_process';
import fs from 'node:fs';

const FOLLOW_INTERVAL_MS = 200;
const MINUTE_MS = 60_000;

/** Copies what is appended to a file to stdout; returns a function that copies the rest and ends. */
function follow(file) {
  const descriptor = fs.openSync(file, 'r');
  const buffer = Buffer.alloc(64 * 1024);
  const copy = () => {
    for (;;) {
      const bytes = fs.readSync(descriptor, buffer, 0, buffer.length, null);
      if (bytes === 0) return;
      process.stdout.write(Buffer.from(buffer.subarray(0, bytes)));
    }
  };
  const timer = setInterval(copy, FOLLOW_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    copy();
    fs.closeSync(descriptor);
  };
}

/** Kills a child that takes too long; 0 sets no limit. */
function guard(child, file, timeoutMs, onTimeout) {
  if (timeoutMs === 0) return () => {};
  const timer = setTimeout(() => {
    console.error(`\n${file} has not ended within ${timeoutMs / MINUTE_MS} minutes and is killed`);
    child.kill('SIGKILL');
    onTimeout?.();
  }, timeoutMs);
  return () => clearTimeout(timer);
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {number} [options.timeoutMs]     0: none
 * @param {() => void} [options.onTimeout]
 * @param {string} [options.outputFile]    stdout and stderr go there and are followed, unless quiet
 * @param {boolean} [options.quiet]
 * @param {(child: import('node:child_process').ChildProcess) => void} [options.onStart]
 * @returns {Promise<{code: number | null, signal: NodeJS.Signals | null}>}
 */
export async function run(file, args, options = {}) {
  const { cwd, env, timeoutMs = 10 * MINUTE_MS, onTimeout, outputFile, quiet = false, onStart } = options;
  const descriptor = outputFile ? fs.openSync(outputFile, 'w') : undefined;
  const output = descriptor ?? 'inherit';
  const child = spawn(file, args, { cwd, env: env ?? process.env, stdio: ['ignore', output, output] });
  const unfollow = outputFile && !quiet ? follow(outputFile) : () => {};
  const unguard = guard(child, file, timeoutMs, onTimeout);
  onStart?.(child);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
  } finally {
    unguard();
    unfollow();
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** The same, for steps that must succeed. */
export async function runOrThrow(file, args, options) {
  const { code, signal } = await run(file, args, options);
  if (code !== 0) throw new Error(`${[file, ...args].join(' ')} ended with ${signal ?? `exit code ${code}`}`);
}
