'use strict';

// The packages of test/ecosystem, for specs that need them.

const { installEcosystem, ecosystemFolder } = require('../../scripts/lib/ecosystem.cjs');

const INSTALL_GUARD_MS = 300_000;

/** Within a describe: its specs run with the packages installed, and are skipped where npm's registry cannot be reached. */
function needsPackages() {
  before(function () {
    this.timeout(INSTALL_GUARD_MS);
    if (!installEcosystem()) this.skip(); // the gate requires it
  });
}

module.exports = { needsPackages, ecosystemFolder };
