'use strict';

// Required by mocha where test/contract runs on the simulated kernel: takes out what left-out.js names, says how many of
// each kind, and starts the kernel anew for each spec.

const path = require('node:path');
const { begin, reportFigures, settings } = require('../support/simulation.js');
const { LEFT_OUT } = require('./left-out.js');

const nameOf = (test) => `${path.basename(test.file, '.spec.js')}: ${test.fullTitle()}`;
const withFaults = settings.faults !== 'none';
// Some specs wait for a few turns of the loop where a loopback device needs none. As in the fuzzer, what fails counts when
// it comes back, here from two more seeds; each time is printed.
const RETRIES = withFaults && !settings.strict ? 2 : 0;
const counts = new Map();
let kept = 0;

function isLeftOut(test) {
  const name = nameOf(test);
  const entry = LEFT_OUT.find(
    ({ quiet, specs }) => (withFaults || !quiet) && specs.some((one) => one.test(name)),
  );
  if (entry === undefined) {
    kept++;
    return false;
  }
  counts.set(entry.why, (counts.get(entry.why) ?? 0) + 1);
  return true;
}

function thin(suite) {
  suite.tests = suite.tests.filter((test) => !isLeftOut(test));
  for (const test of suite.tests) test.retries(RETRIES);
  for (const inner of suite.suites) thin(inner);
}

exports.mochaHooks = {
  beforeAll() {
    thin(this.test.parent);
    const left = [...counts.values()].reduce((sum, count) => sum + count, 0);
    console.log(`  the simulated kernel from seed ${settings.seed}, faults: ${settings.faults}`);
    console.log(`  ${kept} specs run, ${left} do not`);
    for (const [why, count] of counts) console.log(`    ${count}: ${why}`);
  },
  afterAll() {
    reportFigures({ kind: `specs of the contract, faults: ${settings.faults}`, count: kept });
  },
  beforeEach() {
    const title = this.currentTest.fullTitle();
    const attempt = this.currentTest.currentRetry();
    if (attempt > 0) console.log(`      failed from seed ${settings.seed}, attempt ${attempt}: ${title}`);
    begin(attempt === 0 ? title : `${title} ${attempt}`);
  },
};
