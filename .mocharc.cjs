'use strict';
// One configuration for every system and Node version: it runs as it is under Wine.
// Files named on the command line replace the default; mocha would add them to it.
const named = process.argv.slice(2).some((argument) => argument.endsWith('.spec.js'));

module.exports = {
  spec: named ? [] : ['test/**/*.spec.js'],
  ignore: ['test/ecosystem/node_modules/**'],
  reporter: 'test/runner/reporter.cjs',
  timeout: 30_000, // a guard, never a measure
  slow: 5_000,
  forbidOnly: process.env.CI === 'true',
  failZero: true,
  checkLeaks: true,
};
