'use strict';
// Mocha's own spec reporter, and after it what a run must still prove when the last spec is through: that the process
// ends by itself. Only then, from the 'exit' event, comes the closing line; whoever runs mocha requires it, since an
// exit code alone can lie (under Wine an abort may give 0).
const fs = require('node:fs');
const { reporters } = require('mocha');

/** How long the process may take to end; shorter where specs are expected to fail and leave something open. */
const LINGER_GUARD_MS = Number(process.env.IOCP_NET_LINGER_MS ?? 15_000);
const FAILURE_LENGTH_MAX = 2_000;

/** A failed spec in a few lines: its title, and where it failed. */
function failureText(spec) {
  const { message = String(spec.err), stack = '' } = spec.err ?? {};
  const place = stack.split('\n').find((line) => /^\s+at /.test(line) && !line.includes('node:')) ?? '';
  return `${spec.fullTitle()}\n  ${message.slice(0, FAILURE_LENGTH_MAX).replaceAll('\n', '\n  ')}\n${place}`;
}

class Reporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.lingering = 0;
    runner.once('end', () => this.#watch());
  }

  #watch() {
    setTimeout(() => {
      const resources = process.getActiveResourcesInfo().join(', ');
      console.error(
        `\nthe process does not end by itself; still active: ${resources || 'nothing that Node knows'}`,
      );
      this.lingering = 1;
      process.exit();
    }, LINGER_GUARD_MS).unref();
    // Mocha sets the exit code in a listener that it adds right after 'end'; this one must have the last word.
    setImmediate(() => process.on('exit', () => this.#close()));
  }

  #close() {
    const { passes, failures, pending } = this.stats;
    const failed = failures + this.lingering;
    if (this.lingering) process.exitCode = Math.min(failed, 255);
    const suite = `mocha on ${process.platform}-${process.arch}, Node ${process.versions.node}`;
    fs.writeSync(1, `${suite}: ${passes} passed, ${failed} failed, ${pending} skipped\n`);
    if (process.env.IOCP_NET_RESULTS) {
      const failedSpecs = this.failures.map(failureText);
      if (this.lingering) failedSpecs.push('the process does not end by itself');
      const record = { suite, passed: passes, failed, skipped: pending, failures: failedSpecs };
      fs.appendFileSync(process.env.IOCP_NET_RESULTS, `${JSON.stringify(record)}\n`);
    }
  }
}

module.exports = Reporter;
