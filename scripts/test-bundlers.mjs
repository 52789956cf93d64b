#!/usr/bin/env node
// The recipes of docs/bundlers.md: each bundle runs in a folder of its own, without the package, on the engine that the
// recipe carries; and without it, on node:net with a reason.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import nodePackage from './lib/node-package.cjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import targets from './lib/targets.cjs';

const HELP = `usage: npm run test:bundlers

Packs the package, fetches the bundlers from npm into the cache, and runs what they make. Needs npm run prebuild.
`;

const BUNDLERS = {
  esbuild: '0.28.2',
  webpack: '5.113.0',
  'webpack-cli': '6.0.0',
  rollup: '4.68.8',
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@rollup/plugin-json': '6.1.0',
  vite: '7.3.8',
  '@vercel/ncc': '0.45.0',
  '@oven/bun-linux-x64': '1.4.5',
  postject: '1.0.0-alpha.6',
};

/** The first with process.getBuiltinModule(), which is what esbuild's modules without a banner have for a require(). */
const OLDEST_NODE = '20.16.0';

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const ESM_BANNER = [
  "import { createRequire as topLevelCreateRequire } from 'node:module';",
  'const require = topLevelCreateRequire(import.meta.url);',
].join(' ');

/** command: as in docs/bundlers.md. carry: what goes beside the bundle. */
const RECIPES = {
  'esbuild, CommonJS': {
    commands: ['esbuild app.cjs --bundle --platform=node --outfile=out/app.cjs'],
    start: 'app.cjs',
    carry: ['prebuilds'],
  },
  'esbuild, ECMAScript module': {
    commands: [
      [
        'esbuild',
        'app.mjs',
        '--bundle',
        '--platform=node',
        '--format=esm',
        `--banner:js=${ESM_BANNER}`,
        '--outfile=out/app.mjs',
      ],
    ],
    start: 'app.mjs',
    carry: ['prebuilds'],
  },
  'esbuild, the package external': {
    commands: [
      'esbuild app.mjs --bundle --platform=node --format=esm --external:iocp-net --external:iocp-net/* --outfile=out/app.mjs',
    ],
    start: 'app.mjs',
    carry: ['node_modules/iocp-net', 'node_modules/node-gyp-build'],
  },
  webpack: { commands: ['webpack --config webpack.config.cjs'], start: 'app.cjs', carry: ['prebuilds'] },
  rollup: {
    commands: ['rollup --config rollup.config.mjs --silent'],
    start: 'app.mjs',
    carry: ['prebuilds'],
  },
  'vite ssr': {
    commands: ['vite build --config vite.config.mjs --logLevel error'],
    start: 'app.mjs',
    carry: ['node_modules/iocp-net', 'node_modules/node-gyp-build'],
  },
  ncc: { commands: ['ncc build app.cjs --out out --quiet'], start: 'index.cjs', carry: ['prebuilds'] },
  'bun build': {
    commands: ['bun build app.mjs --target=node --format=cjs --outfile=out/app.cjs'],
    start: 'app.cjs',
    carry: ['prebuilds'],
  },
};

function npm(args, cwd) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function installBundlers() {
  const packages = Object.entries(BUNDLERS).map((pair) => pair.join('@'));
  const folder = paths.cacheFolder(
    'bundlers',
    packages
      .join(',')
      .replaceAll(/[^\w.-]+/g, '+')
      .slice(-120),
  );
  if (!fs.existsSync(path.join(folder, 'complete'))) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], folder);
    fs.writeFileSync(path.join(folder, 'complete'), '');
  }
  const tarballs = path.join(folder, 'tarballs');
  fs.rmSync(tarballs, { recursive: true, force: true });
  fs.mkdirSync(tarballs);
  npm(['pack', '--silent', '--pack-destination', tarballs], paths.root);
  const target = path.join(folder, 'node_modules', 'iocp-net');
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target);
  const [tarball] = fs.readdirSync(tarballs);
  execFileSync('tar', ['-xzf', path.join(tarballs, tarball), '-C', target, '--strip-components=1']);
  fs.rmSync(path.join(folder, 'node_modules', 'node-gyp-build'), { recursive: true, force: true });
  const loader = path.join('node_modules', 'node-gyp-build');
  fs.cpSync(path.join(paths.root, loader), path.join(folder, loader), { recursive: true });
  fs.cpSync(path.join(paths.root, 'test', 'bundlers'), folder, { recursive: true });
  return folder;
}

function execute(folder, command) {
  const [name, ...args] = Array.isArray(command) ? command : command.split(' ');
  const programs = {
    bun: path.join(folder, 'node_modules', '@oven', 'bun-linux-x64', 'bin', 'bun'),
    node: process.execPath,
  };
  const program = programs[name] ?? path.join(folder, 'node_modules', '.bin', name);
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ended with ${error?.message ?? status}\n${stdout}${stderr}`);
}

/** What the bundle says when it runs in an empty folder with what is carried along. */
function runElsewhere(folder, { start, carry, env = {}, node = process.execPath }) {
  const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net bundle-'));
  try {
    fs.cpSync(path.join(folder, 'out'), elsewhere, { recursive: true });
    for (const name of carry) {
      fs.cpSync(path.join(folder, name), path.join(elsewhere, name), { recursive: true });
    }
    const program = node === null ? [path.join(elsewhere, start)] : [node, path.join(elsewhere, start)];
    const { IOCP_NET_PREBUILD: _folder, ...inherited } = process.env;
    const { status, stdout, stderr } = spawnSync(program[0], program.slice(1), {
      cwd: elsewhere,
      encoding: 'utf8',
      env: { ...inherited, TMPDIR: elsewhere, ...env },
    });
    return `${stdout}${stderr}`.trim() + (status === 0 ? '' : ` (exit code ${status})`);
  } finally {
    fs.rmSync(elsewhere, { recursive: true, force: true });
  }
}

/** Whether what a bundle without an engine printed under NODE_DEBUG names the reason, once. */
function saysWhy(output) {
  const lines = output.match(/^IOCP-NET \d+: node:net carries everything: .*$/gm) ?? [];
  return (
    /^echo libuv the native port did not load/m.test(output) &&
    lines.length === 1 &&
    /: the native port did not load .*; this program is bundled/.test(lines[0])
  );
}

const isCarried = (output) =>
  /^echo epoll ?$/m.test(output) && !output.includes('node:net carries everything');

function report(name, passed, outputs) {
  console.log(`${passed ? 'passed' : 'FAILED'}: ${name}${passed ? '' : `\n${outputs.join('\n')}`}`);
  return passed;
}

/** Only the bundle is left: a path of the build must not lead back to the package. */
function away(folder, body) {
  const own = path.join(folder, 'node_modules', 'iocp-net');
  const hidden = path.join(folder, 'node_modules', '.iocp-net-away');
  fs.renameSync(own, hidden);
  try {
    return body();
  } finally {
    fs.renameSync(hidden, own);
  }
}

function tryRecipe(name, folder, recipe) {
  fs.rmSync(path.join(folder, 'out'), { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, 'out'));
  try {
    for (const command of recipe.commands) execute(folder, command);
    recipe.finish?.(folder);
    const outputs = [runElsewhere(folder, recipe)];
    if (recipe.carry.includes('prebuilds')) {
      const left = { ...recipe, carry: [], env: { NODE_DEBUG: 'iocp-net' } };
      outputs.push(away(folder, () => runElsewhere(folder, left)));
    }
    const [carried, left] = outputs;
    return report(name, isCarried(carried) && (left === undefined || saysWhy(left)), outputs);
  } catch (error) {
    return report(name, false, [error.message]);
  }
}

/** A single executable application: the engine is an asset of it. Node's own writer of them asks for Node 20.12. */
const SEA = {
  commands: [
    'esbuild app.cjs --bundle --platform=node --outfile=out/app.cjs',
    'node --experimental-sea-config sea.json',
  ],
  start: 'app',
  carry: [],
  node: null,
  finish(folder) {
    const program = path.join(folder, 'out', 'app');
    fs.copyFileSync(process.execPath, program);
    execute(folder, ['postject', program, 'NODE_SEA_BLOB', 'out/app.blob', '--sentinel-fuse', FUSE]);
    for (const name of ['app.cjs', 'app.blob']) fs.rmSync(path.join(folder, 'out', name));
  },
};

/**
 * ECMAScript modules as the bundlers make them by default, without a banner that gives them a require(). finds: whether
 * they find the engine beside them all the same.
 */
const WITHOUT_BANNER = {
  esbuild: {
    command: 'esbuild app.mjs --bundle --platform=node --format=esm --outfile=out/app.mjs',
    finds: false,
  },
  rollup: { command: 'rollup --config rollup-plain.config.mjs --silent', finds: false },
  'bun build': { command: 'bun build app.mjs --target=node --outfile=out/app.mjs', finds: true },
  'vite ssr, noExternal': {
    command: 'vite build --config vite-whole.config.mjs --logLevel error',
    finds: true,
  },
};

/** Such a bundle starts, on its engine or on node:net with the reason; and on the engine that it is given by name. */
function tryWithoutBanner(name, folder, { command, finds }) {
  fs.rmSync(path.join(folder, 'out'), { recursive: true, force: true });
  const program = { start: 'app.mjs', carry: [] };
  const found = { ...program, carry: ['prebuilds'], env: { NODE_DEBUG: 'iocp-net' } };
  const named = { ...program, carry: ['engine.node'], env: { IOCP_NET_ADDON: 'engine.node' } };
  const oldest = nodePackage.fetchNode('linux', OLDEST_NODE);
  try {
    execute(folder, command);
    const outputs = away(folder, () =>
      [
        found,
        { ...found, carry: [] },
        named,
        { ...named, node: oldest },
        { ...found, carry: [], node: oldest },
      ].map((options) => runElsewhere(folder, options)),
    );
    const [beside, ...others] = outputs;
    const expected = [saysWhy, isCarried, isCarried, saysWhy];
    const passed =
      (finds ? isCarried : saysWhy)(beside) && expected.every((check, index) => check(others[index]));
    return report(`${name}, no banner`, passed, outputs);
  } catch (error) {
    return report(`${name}, no banner`, false, [error.message]);
  }
}

function testBundlers() {
  if (targets.hostTarget() !== 'linux-x64') throw new Error('the bundlers are tried on linux-x64');
  const folder = installBundlers();
  fs.rmSync(path.join(folder, 'prebuilds'), { recursive: true, force: true });
  fs.cpSync(path.join(folder, 'node_modules', 'iocp-net', 'prebuilds'), path.join(folder, 'prebuilds'), {
    recursive: true,
  });
  const engine = path.join(folder, 'prebuilds', 'linux-x64', 'iocp-net.glibc.node');
  fs.copyFileSync(engine, path.join(folder, 'engine.node'));
  const recipes = { ...RECIPES, 'single executable application': SEA };
  const outcomes = Object.entries(recipes).map(([name, recipe]) => tryRecipe(name, folder, recipe));
  for (const [name, recipe] of Object.entries(WITHOUT_BANNER))
    outcomes.push(tryWithoutBanner(name, folder, recipe));
  const passed = outcomes.filter(Boolean).length;
  return [{ suite: 'bundlers', passed, failed: outcomes.length - passed }];
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else {
  try {
    closeResults(testBundlers());
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    closeResults([{ suite: 'bundlers', passed: 0, failed: 1 }]);
  }
}
