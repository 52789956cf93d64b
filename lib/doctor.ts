// What `iocp-net doctor` reports: which engine runs here, why, and what that means.
import os from 'node:os';
import { findAddon, isMusl, locateAddon } from './core.js';
import { engine } from './engine.js';
import { adviceForNone } from './shared.js';

export interface Report {
  version: string;
  /** 'iocp' or 'epoll'; 'libuv' where the package is node:net itself. */
  engine: string;
  /** Why there is no engine of ours. */
  reason: string | undefined;
  /** What to do about it. */
  advice: string | undefined;
  /** The addon's file, if one was found. */
  addon: string | undefined;
  node: string;
  libuv: string;
  system: string;
  /** Whether a byte went through the engine and came back; undefined without an engine. */
  roundTrip: string | undefined;
  /** What of this system the engine can use. */
  features: Record<string, boolean>;
  /** What runs on libuv all the same. */
  onLibuv: string[];
}

const GUARD_MS = 10_000;

function addonFile(): string | undefined {
  try {
    return locateAddon();
  } catch {
    return undefined; // no build for this system: `reason` says so
  }
}

function libc(): string {
  if (isMusl()) return ', musl';
  const header = (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined)
    ?.header;
  return header?.glibcVersionRuntime === undefined ? '' : `, glibc ${header.glibcVersionRuntime}`;
}

/** One byte to a server of this process and back, over loopback. */
function roundTrip(): Promise<string> {
  const net = require('./index.js') as typeof import('node:net');
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.pipe(socket));
    const guard = setTimeout(() => end(`no answer within ${GUARD_MS} ms`), GUARD_MS);
    const end = (outcome: string) => {
      clearTimeout(guard);
      server.close();
      resolve(outcome);
    };
    server.once('error', (error) => end(error.message));
    server.listen(0, '127.0.0.1', () => {
      const client = net.connect((server.address() as { port: number }).port, '127.0.0.1');
      client.once('error', (error) => end(error.message));
      client.once('data', (chunk) => {
        client.destroy();
        end(chunk.toString() === '!' ? 'ok' : 'another byte came back');
      });
      client.write('!');
    });
  });
}

function onLibuv(native: boolean): string[] {
  if (!native) return ['everything: iocp-net is node:net here'];
  return [
    'name resolution (dns.lookup)',
    'files, child processes, UDP, terminals: whatever is not node:net',
    'tls, https and http2: their servers and clients',
    'sockets made from a file descriptor or another handle that the engine cannot carry',
  ];
}

export async function examine(): Promise<Report> {
  const { name, reason } = engine;
  const native = name !== 'libuv';
  // Only where ours carries: the functions under libuv's names in Bun end the process.
  const addon = native ? findAddon() : undefined;
  const { version } = require('../package.json') as { version: string };
  return {
    version,
    engine: name,
    reason,
    advice: adviceForNone(),
    addon: addonFile(),
    node: process.version,
    libuv: process.versions.uv ?? 'unknown',
    system: `${process.platform} ${os.release()} ${process.arch}${libc()}`,
    roundTrip: native ? await roundTrip() : undefined,
    features: addon !== undefined && 'features' in addon ? addon.features() : {},
    onLibuv: onLibuv(native),
  };
}

/** Whether everything is as it should be. */
export function isHealthy(report: Report): boolean {
  return report.engine !== 'libuv' && report.roundTrip === 'ok';
}

export function render(report: Report): string {
  const { engine: name, reason, advice, addon, node, libuv, system } = report;
  const lines: [string, string][] = [
    ['engine', reason === undefined ? name : `${name}: ${reason}`],
    ...(advice === undefined ? [] : [['what to do', advice] as [string, string]]),
    ['addon', addon ?? 'none for this system'],
    ['Node', `${node}, libuv ${libuv}`],
    ['system', system],
    ['round trip', report.roundTrip ?? 'not tried without an engine'],
    ...Object.entries(report.features).map(([feature, on]): [string, string] => [
      on ? '  yes' : '  no',
      feature,
    ]),
  ];
  return [
    `iocp-net ${report.version}`,
    ...lines.map(([label, text]) => `  ${label.padEnd(12)}${text}`),
    '  on libuv:',
    ...report.onLibuv.map((text) => `    ${text}`),
    '',
  ].join('\n');
}
