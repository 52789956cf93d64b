#!/usr/bin/env node
// A newcomer's five minutes, with every package manager: the tarball into an empty folder, then the swap, doctor, the
// benchmark, and the way back. What was typed and answered is the transcript, build-package/transcript.txt.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import nodePackage from './lib/node-package.cjs';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';

const HELP = `usage: npm run test:installs

Packs both packages, fetches the package managers from npm into the cache, and tries each in an empty folder. Needs the
prebuilt engine of this system (npm run prebuild) and the packed benchmarks (npm run pack:bench).
`;

const NEW_NODE = '24.21.0';

/**
 * bin: the script inside of its package; program: an executable. node: the version that it asks for; undefined: this one.
 * install: what adds the tarball. exec: what runs a program of the folder. doctor: what runs that, where npx cannot.
 */
const MANAGERS = {
  'npm 10': { name: 'npm', version: '10.9.9', bin: 'bin/npm-cli.js', install: ['install', './iocp-net.tgz'] },
  'npm 11': {
    name: 'npm',
    version: '11.21.2',
    bin: 'bin/npm-cli.js',
    install: ['install', './iocp-net.tgz'],
  },
  'npm 12': {
    ...{ name: 'npm', version: '12.2.1', bin: 'bin/npm-cli.js', node: NEW_NODE },
    install: ['install', './iocp-net.tgz'],
  },
  'pnpm 10': { name: 'pnpm', version: '10.34.8', bin: 'bin/pnpm.cjs', install: ['add', './iocp-net.tgz'] },
  // The package pnpm fetches this one at its first start, from registries with signatures alone.
  'pnpm 12': {
    name: '@pnpm/exe.linux-x64',
    version: '12.21.0',
    program: 'pnpm',
    install: ['add', './iocp-net.tgz'],
  },
  'yarn 1': { name: 'yarn', version: '1.22.22', bin: 'bin/yarn.js', install: ['add', 'file:./iocp-net.tgz'] },
  "yarn 4, Plug'n'Play": {
    ...{ name: '@yarnpkg/cli-dist', version: '4.18.1', bin: 'bin/yarn.js' },
    install: ['add', 'iocp-net@file:./iocp-net.tgz'],
    exec: ['node'],
    doctor: ['iocp-net', 'doctor'],
  },
};

/** An ordinary user; the folder is theirs. */
const OTHER_USER = { uid: 65534, gid: 65534 };

/** A line that finds fault with this package, by the words of the package managers. */
const COMPLAINT = /^.*(warn|ignored|blocked|not yet covered|deprecat|err!|\berror\b).*$/gim;
const OWN_NAME = /\biocp-net\b/;

const PRELOADED = ['--require', 'iocp-net/register', 'preload.cjs'];
const CARRIED = /carried +1 accepted, 1 connected/;

const ANSWER_LINES_MAX = 14;

const transcript = [];

function say(line) {
  transcript.push(line);
  console.log(line);
}

function shortened(answer) {
  const lines = answer.split('\n');
  const rest = lines.length - ANSWER_LINES_MAX;
  if (rest <= 1) return answer;
  return [...lines.slice(0, ANSWER_LINES_MAX), `[... ${rest} more lines]`].join('\n');
}

class Folder {
  constructor(tarballs, user) {
    // npm and yarn have been caught by a space.
    this.path = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net first try '));
    this.user = user;
    fs.writeFileSync(path.join(this.path, 'package.json'), '{ "name": "first-try", "private": true }\n');
    fs.cpSync(path.join(paths.root, 'test', 'package'), this.path, { recursive: true });
    for (const [name, file] of Object.entries(tarballs)) fs.copyFileSync(file, path.join(this.path, name));
    if (user) {
      fs.chmodSync(this.path, 0o755);
      for (const name of ['.', ...fs.readdirSync(this.path)]) {
        fs.chownSync(path.join(this.path, name), user.uid, user.gid);
      }
    }
  }

  /** Runs a command; it has to succeed, and to answer with `expected` and without a complaint of the package. */
  run(shown, file, args, { expected, env = {}, path: first } = {}) {
    const { IOCP_NET_PREBUILD: _p, npm_config_nodedir: _n, NODE_OPTIONS: _o, ...inherited } = process.env;
    const search = [first, path.join(this.path, 'node_modules', '.bin'), inherited.PATH];
    for (const name of Object.keys(inherited)) if (/^(npm_|pnpm_|yarn_)/i.test(name)) delete inherited[name];
    const { status, stdout, stderr, error } = spawnSync(file, args, {
      ...this.user,
      cwd: this.path,
      encoding: 'utf8',
      env: {
        ...{ ...inherited, PATH: search.filter(Boolean).join(path.delimiter), HOME: this.path, CI: 'true' },
        ...{ NO_COLOR: '1', NO_UPDATE_NOTIFIER: '1', YARN_ENABLE_TELEMETRY: '0', ...env },
      },
    });
    const answer = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim();
    say(`$ ${shown}`);
    if (answer !== '') say(shortened(answer));
    if (status !== 0) throw new Error(`${shown} ended with ${status}`);
    if (expected && !expected.test(answer)) throw new Error(`${shown} did not answer ${expected}`);
    // The folder has the package's name, too.
    const complaints = [...answer.replaceAll(this.path, '').matchAll(COMPLAINT)]
      .map(([line]) => line)
      .filter((line) => OWN_NAME.test(line));
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  }

  remove() {
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}

/** The Node that belongs to the manager, and the command line of the manager itself. */
function prepare({ name, version, bin, program, node: nodeVersion }) {
  const folder = nodePackage.fetchPackage(name, version);
  const node = nodeVersion === undefined ? process.execPath : nodePackage.fetchNode('linux', nodeVersion);
  return {
    node,
    manager: program === undefined ? [node, path.join(folder, bin)] : [path.join(folder, program)],
    npx: path.join(folder, 'bin', 'npx-cli.js'),
  };
}

function tryManager(name, tarballs, { offline, cache } = {}) {
  const { install, exec, doctor, ...description } = MANAGERS[name];
  const { node, manager, npx } = prepare(description);
  const folder = new Folder(tarballs);
  const command = name.split(' ')[0];
  const options = { path: path.dirname(node), env: cache ? { npm_config_cache: cache } : {} };
  const manage = (args, more) => {
    const [file, ...first] = manager;
    folder.run([command, ...args].join(' '), file, [...first, ...args], { ...options, ...more });
  };
  const run = (args, more) => {
    if (exec) manage([...exec, ...args], more);
    else folder.run(['node', ...args].join(' '), node, args, { ...options, ...more });
  };
  try {
    manage([...install, ...(offline ? ['--offline'] : [])]);
    run(['echo.cjs'], { expected: /^epoll: 1048576 bytes echoed$/m });
    run(PRELOADED, { expected: /are ours/ });
    if (doctor) {
      manage(doctor, { expected: /round trip +ok/ });
      manage([...doctor, '--', 'node', 'echo.cjs'], { expected: CARRIED });
    }
    const asNpx = (args, more) =>
      folder.run(['npx', ...args].join(' '), node, [npx, ...args], { ...options, ...more });
    return { folder, npx: asNpx, manage, run };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/** The rest of the five minutes, with one manager. */
function tryEverything(tarballs) {
  const { folder, npx, manage, run } = tryManager('npm 11', tarballs);
  const command = (args, more) => npx(['iocp-net', ...args], more);
  try {
    command(['doctor'], { expected: /round trip +ok/ });
    command(['doctor', '--', 'node', 'echo.cjs'], { expected: CARRIED });
    manage(['install', '--no-save', './iocp-net-bench.tgz', './iocp-net.tgz']);
    const bench = ['--quick', '--rounds', '1', '--scenario', '50 connections, 64 B'];
    command(['bench', ...bench], { expected: /iocp-net/ });
    const name = "console.log(require('iocp-net/engine').engine.name)";
    run(['-e', name], { expected: /^epoll$/ });
    // From the sources in the package; what was built comes before what was packed.
    command(['build'], { expected: /build\/Release\/iocp_net\.node: the epoll engine$/m });
    command(['doctor'], { expected: /addon +.*build\/Release\/iocp_net\.node[\s\S]*round trip +ok/ });
    say('$ export IOCP_NET_ENGINE=libuv');
    run(['-e', name], { env: { IOCP_NET_ENGINE: 'libuv' }, expected: /^libuv$/ });
    manage(['uninstall', 'iocp-net']);
    if (fs.existsSync(path.join(folder.path, 'node_modules', 'iocp-net')))
      throw new Error('uninstall left it');
  } finally {
    folder.remove();
  }
}

function tryOffline(tarballs) {
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-npm-cache-'));
  try {
    tryManager('npm 11', tarballs, { cache }).folder.remove();
    tryManager('npm 11', tarballs, { cache, offline: true }).folder.remove();
  } finally {
    fs.rmSync(cache, { recursive: true, force: true });
  }
}

/** As a user who may not read this checkout: npm and Node are those of the system. */
function tryOtherUser(tarballs) {
  const folder = new Folder(tarballs, OTHER_USER);
  try {
    folder.run('npm install ./iocp-net.tgz', 'npm', ['install', './iocp-net.tgz']);
    folder.run('node echo.cjs', process.execPath, ['echo.cjs'], { expected: /^epoll: / });
    folder.run(['node', ...PRELOADED].join(' '), process.execPath, PRELOADED, { expected: /are ours/ });
  } finally {
    folder.remove();
  }
}

function pack(folder, target, name) {
  const args = ['pack', '--silent', '--pack-destination', target];
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm pack failed in ${folder}: ${stderr}`);
  const packed = fs.readdirSync(target).find((file) => /-\d+\.\d+\.\d+.*\.tgz$/.test(file));
  const file = path.join(target, name);
  fs.renameSync(path.join(target, packed), file);
  return file;
}

function attempt(name, body, record) {
  say(`\n== ${name}`);
  try {
    body();
    record.passed++;
  } catch (error) {
    record.failed++;
    say(`FAILED: ${name}: ${error.message}`);
  }
}

function testInstalls() {
  const record = { suite: 'installs', passed: 0, failed: 0 };
  const target = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-tarballs-'));
  try {
    const bench = path.join(paths.root, 'build-package', 'iocp-net-bench');
    const tarballs = {
      'iocp-net.tgz': pack(paths.root, target, 'iocp-net.tgz'),
      'iocp-net-bench.tgz': pack(bench, target, 'iocp-net-bench.tgz'),
    };
    for (const name of Object.keys(MANAGERS)) {
      attempt(name, () => tryManager(name, tarballs).folder.remove(), record);
    }
    attempt('offline', () => tryOffline(tarballs), record);
    if (process.getuid() === 0) attempt('as another user', () => tryOtherUser(tarballs), record);
    attempt('five minutes', () => tryEverything(tarballs), record);
  } finally {
    fs.rmSync(target, { recursive: true, force: true });
  }
  fs.writeFileSync(path.join(paths.root, 'build-package', 'transcript.txt'), `${transcript.join('\n')}\n`);
  return [record];
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else {
  try {
    closeResults(testInstalls());
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    closeResults([{ suite: 'installs', passed: 0, failed: 1 }]);
  }
}
