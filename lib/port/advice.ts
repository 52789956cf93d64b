// What to do about an engine that is not there.
import fs from 'node:fs';
import path from 'node:path';
import { packageRoot } from './locate.js';

const DAMAGED = 'the file is damaged or for another processor: install the package again on this machine';

const SUPPORTED = ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64'];

const PAGE = 'see docs/troubleshooting.md';

/** From the text of the error that loading the addon gave, to a sentence on what to do. The first that fits. */
const CAUSES: [RegExp, string][] = [
  [
    /ERR_DLOPEN_DISABLED|loading addons/i,
    'start Node without --no-addons, or with --allow-addons beside --permission',
  ],
  [
    /version [`']GLIBC(XX)?_[\d.]+' not found/,
    'this system has an older C library than Node 20 asks for: npx iocp-net build, or a newer system',
  ],
  [
    /EACCES|Permission denied/i,
    'the file of the addon may not be read or mapped by this user: check its owner and mode',
  ],
  [
    /failed to map segment|Operation not permitted/i,
    'the file is on a volume without the right to execute (noexec): install the package, or point IOCP_NET_ADDON, elsewhere',
  ],
  [
    /Dynamic require of|require is not defined/,
    'this program is bundled as an ECMAScript module without a require(): add the banner of docs/bundlers.md, or name the file of the engine in IOCP_NET_ADDON',
  ],
  // musl's loader, given an engine for glibc; and glibc's, given one for musl, finds none of that name, or a linker's script.
  [
    /Error loading shared library .*\(needed by|Error relocating|libc\.musl|ld-musl|\blibc\.so: (cannot open|invalid ELF)/,
    'the engine is for another C library: install the package again on this machine',
  ],
  [
    /invalid ELF header|Exec format error|file too short|not a valid Win32 application|wrong ELF class/i,
    DAMAGED,
  ],
  // Whatever else the system's loader says, in the words of the system.
  [/ERR_DLOPEN_FAILED/, DAMAGED],
];

export function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime === undefined;
}

/** A checkout builds its engine in npm's prepare step, which the published package does not have. */
function isCheckout(root: string): boolean {
  return fs.existsSync(path.join(root, 'scripts', 'prepare.mjs'));
}

function withoutFile(): string {
  if (process.env.IOCP_NET_ADDON) return 'IOCP_NET_ADDON names a file that is not there';
  const system = `${process.platform}-${process.arch}`;
  const root = packageRoot();
  if (root === undefined) {
    return `this program is bundled and its engine was left behind: copy iocp-net's prebuilds folder beside the bundle, or name the file in IOCP_NET_ADDON (${PAGE})`;
  }
  if (!SUPPORTED.includes(system)) {
    const build =
      process.platform === 'linux' ? ': npx iocp-net build makes one' : '; there the package is node:net';
    return `there is no prebuilt engine for ${system}${build}`;
  }
  if (isCheckout(root)) {
    return `this checkout has no engine for ${system}: its build failed, or its scripts were not allowed to run (--ignore-scripts): npm run build:native makes one, or says what is missing`;
  }
  const build = process.platform === 'linux' ? 'npx iocp-net build' : 'install the package again';
  return `the prebuilt engine for ${system}${isMusl() ? ' with musl' : ''} is missing: ${build}`;
}

/** A sentence on what to do about `error`, which looking for or loading the addon gave. */
export function adviceFor(error: unknown): string {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const text = `${code} ${message}`;
  if (/No native build was found|node-gyp-build|MODULE_NOT_FOUND|Cannot find module/.test(text))
    return withoutFile();
  return CAUSES.find(([pattern]) => pattern.test(text))?.[1] ?? PAGE;
}
