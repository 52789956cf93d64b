'use strict';
// Mocha's own spec reporter, and behind it what a run must still prove when the last spec is through: that the process
// ends by itself. Only then, from the 'exit' event, comes the closing line; whoever runs mocha requires it, since an
// exit code alone can lie (under Wine an abort may give 0).
const fs = require('node:fs');
const { reporters } = require('mocha');

const LINGER_GUARD_MS = 15_000;

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
      const record = { suite, passed: passes, failed, skipped: pending };
      fs.appendFileSync(process.env.IOCP_NET_RESULTS, `${JSON.stringify(record)}\n`);
    }
  }
}

module.exports = Reporter;
