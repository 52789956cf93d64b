// Where the addon's file is: in this package, beside a bundle that has taken the package in, or inside a single
// executable application.
import type crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import type os from 'node:os';
import path from 'node:path';

/** The name of the asset in a single executable application. */
const ASSET = 'iocp_net.node';

type Sea = { isSea(): boolean; getRawAsset(key: string): ArrayBuffer };

/** The folder of this file or of the bundle that has it; in one of ECMAScript modules that of the started file. */
export function codeFolder(): string {
  return typeof __dirname === 'string' ? __dirname : startedFolder();
}

function startedFolder(): string {
  return path.dirname(process.argv[1] ?? process.execPath);
}

/** The package's own folder; undefined when a bundler has moved this code out of it. */
export function packageRoot(): string | undefined {
  const root = path.join(codeFolder(), '..', '..');
  try {
    const { name } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      name?: string;
    };
    return name === 'iocp-net' ? root : undefined;
  } catch {
    return undefined;
  }
}

/** The runtime's own require, which no bundler replaces. */
function runtimeRequire(): NodeJS.Require {
  return createRequire(path.join(codeFolder(), 'iocp-net.js'));
}

function sea(): Sea | undefined {
  try {
    const module = runtimeRequire()('node:sea') as Sea;
    return module.isSea() ? module : undefined;
  } catch {
    return undefined; // Node 20.11 and earlier
  }
}

/** Writes the asset to a file named after its content, since the system loads addons from files alone. */
function extractAsset({ getRawAsset }: Sea): string | undefined {
  let bytes: Buffer;
  try {
    bytes = Buffer.from(getRawAsset(ASSET));
  } catch {
    return undefined; // built without the asset
  }
  // Loaded here: nobody else needs them, and they cost a megabyte.
  const { createHash } = require('node:crypto') as typeof crypto;
  const { tmpdir, userInfo } = require('node:os') as typeof os;
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const folder = path.join(tmpdir(), `iocp-net-${userInfo().username}`);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = fs.statSync(folder);
  if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) {
    throw new Error(`${folder} may be written by others`);
  }
  const file = path.join(folder, `${hash}.node`);
  if (fs.existsSync(file) && fs.readFileSync(file).equals(bytes)) return file;
  const unfinished = `${file}.${process.pid}`;
  fs.writeFileSync(unfinished, bytes, { mode: 0o700 });
  fs.renameSync(unfinished, file);
  return file;
}

/** The addon's file. Throws where there is none. */
export function locateAddon(): string {
  const named = process.env.IOCP_NET_ADDON;
  if (named) return path.resolve(named);
  const root = packageRoot();
  if (root === undefined) {
    const application = sea();
    const extracted = application && extractAsset(application);
    if (extracted !== undefined) return extracted;
  }
  const { resolve } = require('node-gyp-build') as { resolve(directory: string): string };
  if (root !== undefined) return resolve(root);
  try {
    return resolve(codeFolder());
  } catch (error) {
    return resolveBesideProgram(resolve, error);
  }
}

/**
 * Bun's bundler writes the folder of the build in the place of __dirname: the engine is beside the started file then. An
 * addon that the program has built for itself there would be taken first, and is none of ours.
 */
function resolveBesideProgram(resolve: (directory: string) => string, error: unknown): string {
  const folder = startedFolder();
  const has = (...names: string[]) => fs.existsSync(path.join(folder, ...names));
  if (!has('prebuilds') || has('build', 'Release') || has('build', 'Debug')) throw error;
  return resolve(folder);
}

export function loadFile(file: string): unknown {
  return runtimeRequire()(file);
}
