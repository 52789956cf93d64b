#!/usr/bin/env node
'use strict';
// What prebuildify takes for node-gyp (PREBUILD_NODE_GYP): builds the addon with our own build instead. prebuildify
// looks for the result in build/Release of the folder in which it runs us.
const path = require('node:path');
const { buildNative } = require('./native-build.cjs');

buildNative({ target: process.env.IOCP_NET_TARGET, out: path.resolve('build') });
