#!/usr/bin/env node
'use strict';
// npm's install step. It never fails: without a native engine the package is node:net.
// In a checkout it builds the addon. In an installed package it takes the prebuilt one, and builds only where none fits
// this system and everything for a build happens to be there.
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');

const HELP = `usage: node scripts/install.cjs

Provides the native engine: builds it in a checkout, otherwise uses the prebuilt one. Always exits with 0.
`;

const FALLBACK = 'the package runs on node:net';

function say(text) {
  process.stdout.write(`iocp-net: ${text}\n`);
}

function loads() {
  try {
    require('node-gyp-build')(root);
    return true;
  } catch {
    return false; // the reason is told by `iocp-net doctor`
  }
}

/** The commands that make a build possible here, or undefined when everything is there. */
function whatToDo(checkout) {
  const { missingForBuild, aptLine } = require('./lib/toolchain.cjs');
  const missing = missingForBuild();
  const steps = missing.length > 0 ? [aptLine(missing)] : [];
  try {
    require.resolve('node-addon-api/package.json', { paths: [root] });
  } catch {
    steps.push(checkout ? 'npm install' : 'npm install node-addon-api');
  }
  if (steps.length === 0) return undefined;
  return [...steps, checkout ? 'npm run build:native' : 'npm rebuild iocp-net'].join(' && ');
}

/** Builds into build/Release, with a log beside it; says how it went, with `because` in front. */
function build(because) {
  const log = path.join(root, 'build', 'install.log');
  fs.mkdirSync(path.dirname(log), { recursive: true });
  const output = fs.openSync(log, 'w');
  try {
    const { buildNative } = require('./lib/native-build.cjs');
    say(`${because}native engine built: ${path.relative(root, buildNative({ output }))}`);
  } catch (error) {
    fs.writeSync(output, `${error.stack}\n`);
    say(`${because}the build of the native engine failed, see ${log}; ${FALLBACK}`);
  } finally {
    fs.closeSync(output);
  }
}

function main() {
  const checkout = fs.existsSync(path.join(root, 'tsconfig.json'));
  if ((!checkout || process.platform !== 'linux') && loads()) return;

  const system = `${process.platform}-${process.arch}`;
  const because = checkout ? '' : `no prebuilt engine loads on ${system}: `;
  if (process.platform !== 'linux') {
    say(`no native engine for ${system} is here; ${FALLBACK}`);
    return;
  }
  const todo = whatToDo(checkout);
  if (todo === undefined) build(because);
  else say(`${because}${FALLBACK}. To build the native engine: ${todo}`);
}

try {
  if (process.argv.includes('--help')) process.stdout.write(HELP);
  else main();
} catch (error) {
  say(`no native engine (${error.message}); ${FALLBACK}`);
}
