// node.exe under Wine, on the Windows engine of this checkout.
//
// Wine's node.exe takes neither stdin nor stdout as Unix pipes (EBADF): input is /dev/null, output a file.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import nodePackage from './node-package.cjs';
import paths from './paths.cjs';
import { run, runOrThrow } from './run.mjs';
import toolchain from './toolchain.cjs';

/** Debian 12's Wine 8 runs Node 20 and 22; 24 and later need Wine 10. */
export const DEFAULT_NODE_VERSION = '22.23.3';

const PAGE_BYTES = 4096;
const PREFIX_TIMEOUT_MS = 3 * 60_000;
const SERVER_LINGER_SECONDS = 30; // a warm server makes the next start quick

/** Where Debian and others put it. */
function findWine() {
  const places = [
    process.env.WINE,
    '/usr/lib/wine/wine64',
    toolchain.onPath('wine64'),
    toolchain.onPath('wine'),
  ];
  return places.find((file) => file !== undefined && fs.existsSync(file));
}

function findServer(wine) {
  const places = [
    path.join(path.dirname(wine), 'wineserver'),
    toolchain.onPath('wineserver'),
    '/usr/lib/wine/wineserver',
  ];
  return places.find((file) => file !== undefined && fs.existsSync(file));
}

/** Debian packages that the Windows suite needs and this machine lacks. */
export function missingForWine() {
  return [...(findWine() === undefined ? ['wine64'] : []), ...toolchain.missingForWindows()];
}

/** A path as Windows programs under Wine see it. */
export function windowsPath(file) {
  return `Z:${path.resolve(file).replaceAll('/', '\\')}`;
}

function wineEnvironment(prefix) {
  return {
    ...process.env,
    WINEPREFIX: prefix,
    WINEARCH: 'win64',
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
  };
}

/**
 * The same executable with its sections on page boundaries of the file. Wine maps such sections; others it reads into
 * memory of each process, which for the 80 MiB of node.exe was half of the time of a start.
 */
async function pageAligned(program) {
  const aligned = path.join(path.dirname(program), 'page-aligned', path.basename(program));
  if (fs.existsSync(aligned)) return aligned;
  fs.mkdirSync(path.dirname(aligned), { recursive: true });
  const unfinished = `${aligned}.${process.pid}`;
  await runOrThrow('x86_64-w64-mingw32-objcopy', [
    '--file-alignment',
    String(PAGE_BYTES),
    program,
    unfinished,
  ]);
  fs.renameSync(unfinished, aligned);
  return aligned;
}

/**
 * The service that is left out: every stat() of a file would ask it, another process, for the volume. Without it libuv
 * says that `dev` is 0.
 */
const MOUNT_MANAGER = 'HKLM\\System\\CurrentControlSet\\Services\\MountMgr';
const DISABLED = '4';
const COMPLETE = 'complete-without-mount-manager'; // what an older prefix lacks

async function preparePrefix(wine, server, prefix, env) {
  if (!fs.existsSync(path.join(prefix, COMPLETE))) {
    console.error('preparing a Wine prefix');
    fs.rmSync(prefix, { recursive: true, force: true });
    fs.mkdirSync(prefix, { recursive: true });
    const options = {
      env,
      timeoutMs: PREFIX_TIMEOUT_MS,
      outputFile: path.join(prefix, 'setup.log'),
      quiet: true,
    };
    await runOrThrow(wine, ['wineboot', '-i'], options);
    await runOrThrow(wine, ['winecfg', '-v', 'win10'], options);
    const disable = ['reg', 'add', MOUNT_MANAGER, '/f', '/v', 'Start', '/t', 'REG_DWORD', '/d', DISABLED];
    await runOrThrow(wine, disable, options);
    await runOrThrow(server, ['-w'], options);
    fs.writeFileSync(path.join(prefix, COMPLETE), '');
  }
  // The server outlives us; our own stdout and stderr must not stay open with it.
  const output = { outputFile: path.join(prefix, 'server.log'), quiet: true };
  await run(server, [`-p${SERVER_LINGER_SECONDS}`], { env, ...output });
}

/** Processes of this system that run in the prefix; none where there is no /proc. */
function processesOf(prefix) {
  if (!fs.existsSync('/proc')) return [];
  const mark = `WINEPREFIX=${prefix}\0`;
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return fs.readFileSync(path.join('/proc', pid, 'environ'), 'latin1').includes(mark);
      } catch {
        return false; // of another user, or over
      }
    });
}

/**
 * Waits for the server, which stays a while for the next program. It is not killed: another run may share the prefix.
 * @returns {Promise<string[]>} the processes that are still there
 */
export async function endWine() {
  const wine = findWine();
  const prefix = paths.cacheFolder('wine');
  const timeoutMs = 2 * SERVER_LINGER_SECONDS * 1000;
  await run(findServer(wine), ['-w'], { env: wineEnvironment(prefix), timeoutMs });
  return processesOf(prefix);
}

/**
 * Fetches and prepares what is missing.
 * @param {{nodeVersion?: string}} [options]
 * @returns {Promise<{runProgram: Function, runNode: Function, nodeVersion: string}>}
 */
export async function prepareWine({ nodeVersion = DEFAULT_NODE_VERSION } = {}) {
  const missing = missingForWine();
  if (missing.length > 0) throw new Error(`the Windows engine needs: ${toolchain.aptLine(missing)}`);
  const wine = findWine();
  const server = findServer(wine);
  if (server === undefined) throw new Error(`no wineserver beside ${wine}`);
  const prefix = paths.cacheFolder('wine');
  const environment = wineEnvironment(prefix);
  const node = await pageAligned(nodePackage.fetchNode('win', nodeVersion));
  await preparePrefix(wine, server, prefix, environment);

  /**
   * Runs a Windows program; options as for run(). Its output is followed on the console unless quiet. `under`: a program of
   * Wine's that runs it, with its arguments.
   */
  async function runProgram(program, args, { env = {}, outputFile, under = [], ...options } = {}) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-wine-'));
    try {
      return await run(wine, [...under, program, ...args], {
        cwd: paths.root,
        ...options,
        // Windows' Node takes any output for a terminal with colours.
        env: { ...environment, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }), ...env },
        outputFile: outputFile ?? path.join(folder, 'output'),
        // The killed program's children live on in the prefix, which is ours alone.
        onTimeout: () => run(server, ['-k'], { env: environment }),
      });
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }

  return { nodeVersion, runProgram, runNode: (args, options) => runProgram(node, args, options) };
}
