'use strict';

// The specs' helper in C++ (test/addon). The scripts that run the suites build it; mocha by hand builds it here.

const fs = require('node:fs');
const path = require('node:path');
const { packageRoot } = require('./transports.js');

const file = path.join(packageRoot, `build-test-addon-${process.platform}`, 'test-addon', 'test_helper.node');
if (!fs.existsSync(file)) require('../../scripts/lib/native-build.cjs').buildTestAddon();

module.exports = { file, helper: require(file) };
