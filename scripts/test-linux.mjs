#!/usr/bin/env node
// The mocha suite on this system, on the running Node or on another version.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { buildAddon, buildTypeScript } from './lib/ensure-built.mjs';
import { runMocha, SUITE_TIMEOUT_MS } from './lib/mocha.mjs';
import nativeBuild from './lib/native-build.cjs';
import nodePackage from './lib/node-package.cjs';
import paths from './lib/paths.cjs';
import { run } from './lib/run.mjs';
import { suiteCommand } from './lib/suite-command.mjs';

const HELP = `usage: npm run test:linux -- [options] [spec files]

  --node-version VERSION   run on this Node, fetched from npm (for example 24.21.0), instead of the running one
  --sanitize               with assertions, and the address and undefined behaviour sanitizers in the addon (slower)
  --grep PATTERN           only specs whose full title matches
  --help                   this text
`;

/** Builds the addon with sanitizers; what a Node that knows nothing of them needs in its environment to load it. */
function sanitizedEngine() {
  const folder = path.join(paths.root, 'build-address');
  const out = path.join(folder, 'build');
  buildAddon({ out, config: 'Debug', defines: { IOCP_NET_SANITIZE: 'address' } });
  const library = execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  // Node gives back little at its end; leaks of ours are the native tests' to find.
  return { IOCP_NET_PREBUILD: folder, LD_PRELOAD: library, ASAN_OPTIONS: 'detect_leaks=0' };
}

export async function testLinux({ nodeVersion, sanitize, grep, files } = {}) {
  await buildTypeScript();
  nativeBuild.buildTestAddon();
  if (!sanitize) buildAddon();
  const engine = sanitize ? sanitizedEngine() : {};
  const node = nodeVersion === undefined ? process.execPath : nodePackage.fetchNode('linux', nodeVersion);
  const start = (args, env) =>
    run(node, args, {
      cwd: paths.root,
      timeoutMs: SUITE_TIMEOUT_MS,
      env: { ...process.env, ...engine, ...env },
    });
  return runMocha(`mocha on linux, Node ${nodeVersion ?? process.versions.node}`, start, { grep, files });
}

if (import.meta.filename === process.argv[1]) {
  await suiteCommand(HELP, testLinux, { sanitize: { type: 'boolean' } });
}
