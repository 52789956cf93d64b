// What is compared. A transport is named
//
//   node:net | iocp-net | bun | deno | floor     and further
//   @22.23.3   on that version of Node (node:net and iocp-net), fetched from npm once
//   +malloc    with glibc set to keep large blocks mapped
//   #2         a second column of the same, to see what the noise looks like
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { findProgram, folders } from './places.mjs';

const require = createRequire(import.meta.url);

/** glibc gives blocks of this size back to the system by default, and faults them in again; see docs/benchmarks.md. */
const KEEP_MAPPED_BYTES = String(1024 * 1024 * 1024);
const MALLOC_KEEPS = {
  MALLOC_MMAP_THRESHOLD_: KEEP_MAPPED_BYTES,
  MALLOC_TRIM_THRESHOLD_: KEEP_MAPPED_BYTES,
};

const SYNTAX =
  /^(?<base>node:net|iocp-net|bun|deno|floor)(@(?<version>\d+\.\d+\.\d+))?(?<malloc>\+malloc)?(#\d+)?$/;
const FLOOR_SCENARIOS = ['echo', 'churn', 'upload', 'download'];

export const BASE = 'node:net';

const json = (description) => JSON.stringify(description);

/** @param {string | undefined} version  undefined: the Node that runs this */
export function nodeProgram(version) {
  if (version === undefined) return process.execPath;
  const { fetchNode } = require(path.join(folders.package, 'scripts', 'lib', 'node-package.cjs'));
  return fetchNode(process.platform === 'win32' ? 'win' : 'linux', version);
}

function node(base, version) {
  return {
    net: base,
    file: nodeProgram(version),
    serverArguments: (server, description, cell) => [
      ...(cell.kind === 'memory' ? ['--expose-gc'] : []),
      server,
      json(description),
    ],
    serves: () => true,
  };
}

/** Packages of a scope: bun and deno have one for each system, of which npm installs the fitting one. */
function scopedPackages(scope) {
  const folder = path.join(folders.benchmarks, 'peers', 'node_modules', scope);
  return fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

/** Where `npm run bench:peers` puts them, or what is on the path. */
function findPeer(name) {
  const program = process.platform === 'win32' ? `${name}.exe` : name;
  const installed = {
    bun: () => [
      // Bun's own install step moves it here, under this name on every system.
      path.join(folders.benchmarks, 'peers', 'node_modules', 'bun', 'bin', 'bun.exe'),
      ...scopedPackages('@oven').map((folder) => path.join(folder, 'bin', program)),
    ],
    deno: () => scopedPackages('@deno').map((folder) => path.join(folder, program)),
  }[name]();
  const onPath = (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, program));
  return [...installed, ...onPath].find((file) => fs.existsSync(file));
}

const PEER_ARGUMENTS = {
  bun: (server, description) => [server, json(description)],
  deno: (server, description) => [
    'run',
    '-A',
    '--quiet',
    '--v8-flags=--expose-gc',
    server,
    json(description),
  ],
};

function peer(name) {
  const file = findPeer(name);
  if (file === undefined) throw new Error(`${name} is not installed: npm run bench:peers`);
  return { net: BASE, file, serverArguments: PEER_ARGUMENTS[name], serves: () => true };
}

function floor() {
  const file = findProgram('iocp_net_floor');
  if (file === undefined) throw new Error('the floor is not built');
  return {
    net: 'floor',
    file,
    serverArguments: (_server, { scenario, parameters }) => [
      scenario === 'churn' ? 'echo' : scenario,
      ...(parameters.bytes === undefined ? [] : [String(parameters.bytes)]),
    ],
    serves: ({ scenario, parameters }) => FLOOR_SCENARIOS.includes(scenario) && !parameters.local,
  };
}

const KINDS = { 'node:net': node, 'iocp-net': node, bun: peer, deno: peer, floor };

/**
 * @param {string} name
 * @param {{node?: string}} [options]  node: the version of Node for names without one
 */
export function resolveTransport(name, options = {}) {
  const match = SYNTAX.exec(name);
  if (match === null) throw new Error(`unknown transport '${name}'`);
  const { base, version, malloc } = match.groups;
  if (version !== undefined && KINDS[base] !== node)
    throw new Error(`'${name}': only Node has versions here`);
  const transport = KINDS[base](base, version ?? options.node);
  return { ...transport, name, env: malloc === undefined ? {} : MALLOC_KEEPS };
}

/** What a full run compares: whatever is installed. */
export function installedTransports() {
  const peers = ['bun', 'deno'].filter((name) => findPeer(name) !== undefined);
  return [BASE, 'iocp-net', ...peers, 'floor'];
}

/**
 * What a transport is compared with, if that is among the names: node:net with the same allocator settings, and on the
 * same version of Node; for a second column the first one.
 */
export function baseOf(name, names) {
  const { base, version, malloc = '' } = SYNTAX.exec(name).groups;
  const plain = `${BASE}${malloc}`;
  const sameVersion = version === undefined ? plain : `${BASE}@${version}${malloc}`;
  const first = name.replace(/#\d+$/, '');
  const isSecond = first !== name && base === BASE;
  const candidates = isSecond ? [first, plain] : base === BASE ? [plain] : [sameVersion, plain];
  const found = candidates.find((one) => names.includes(one));
  return found === name ? undefined : found;
}

/** The second column of a base: what differs between the two is noise. */
export const controlOf = (base) => `${base}#2`;

/** Adds the control of each node:net that something is compared with; +malloc has the plain one's. */
export function withControls(names) {
  const bases = new Set(names.map((name) => baseOf(name, names)).filter((base) => base !== undefined));
  const controls = [...bases].filter((base) => !base.includes('+malloc')).map(controlOf);
  return [...new Set([...names, ...controls])];
}
