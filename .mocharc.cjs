'use strict';
// One configuration for every system and Node version: it runs as it is under Wine.
// Files named on the command line replace the default; mocha would add them to it.
const named = process.argv.slice(2).some((argument) => argument.endsWith('.spec.js'));

// Not verified on Windows: under Wine these do not pass, or have not been seen to.
const onLinuxAlone = ['test/program/cluster.spec.js', 'test/program/handles.spec.js'];

module.exports = {
  ignore: process.platform === 'win32' && !named ? onLinuxAlone : [],
  spec: named ? [] : ['test/**/*.spec.js'],
  reporter: 'test/runner/reporter.cjs',
  timeout: 30_000, // a guard, never a measure
  slow: 5_000,
  forbidOnly: process.env.CI === 'true',
  failZero: true,
  checkLeaks: true,
};
