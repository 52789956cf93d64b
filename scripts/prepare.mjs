#!/usr/bin/env node
// npm's prepare step, which runs in a checkout alone: compiles TypeScript and builds the native engine. The published
// package has no step of its own; its engines are prebuilt. It never fails: without an engine the package is node:net.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildTypeScript } from './lib/ensure-built.mjs';
import nativeBuild from './lib/native-build.cjs';
import paths from './lib/paths.cjs';
import toolchain from './lib/toolchain.cjs';

const HELP = `usage: node scripts/prepare.mjs

Compiles TypeScript and builds the native engine, as npm ci does in a checkout. Always exits with 0.
`;

const FALLBACK = 'the package runs on node:net';

function say(text) {
  process.stdout.write(`iocp-net: ${text}\n`);
}

function installed(name) {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false; // npm ci --omit=dev
  }
}

/** The commands that make a build possible here, or undefined when everything is there. */
function whatToDo() {
  const missing = toolchain.missingForBuild();
  const steps = missing.length > 0 ? [toolchain.installLine(missing)] : [];
  if (!installed('node-addon-api')) steps.push('npm install');
  return steps.length === 0 ? undefined : [...steps, 'npm run build:native'].join(' && ');
}

/** Builds into build/Release, with a log beside it; says how it went. */
function buildEngine() {
  const log = path.join(paths.root, 'build', 'prepare.log');
  fs.mkdirSync(path.dirname(log), { recursive: true });
  const output = fs.openSync(log, 'w');
  try {
    say(`native engine built: ${path.relative(paths.root, nativeBuild.buildNative({ output }))}`);
  } catch (error) {
    fs.writeSync(output, `${error.stack}\n`);
    say(`the build of the native engine failed, see ${log}; ${FALLBACK}`);
  } finally {
    fs.closeSync(output);
  }
}

async function prepare() {
  // A tarball takes dist/ from the prepack step, and its engines from prebuilds/.
  if (['pack', 'publish'].includes(process.env.npm_command)) return;
  if (installed('typescript')) await buildTypeScript();
  if (!['linux', 'win32'].includes(process.platform)) {
    say(`no native engine is built on ${process.platform}-${process.arch}; ${FALLBACK}`);
    return;
  }
  const todo = whatToDo();
  if (todo === undefined) buildEngine();
  else say(`${FALLBACK}. To build the native engine: ${todo}`);
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else {
  try {
    await prepare();
  } catch (error) {
    say(`no native engine (${error.message}); ${FALLBACK}`);
  }
}
