'use strict';
// Packages that a scenario is about: the user's own, if installed where the suite was started; else this repository's, or
// those of its test/ecosystem.
const { createRequire } = require('node:module');
const path = require('node:path');

const fromUser = createRequire(path.join(process.cwd(), 'bench.js'));
const fromEcosystem = createRequire(path.join(__dirname, '..', '..', 'test', 'ecosystem', 'bench.js'));

exports.findModule = (name) => {
  for (const { resolve } of [fromUser, require, fromEcosystem]) {
    try {
      return resolve(name);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
};

exports.loadModule = (name) => require(exports.findModule(name) ?? name);
