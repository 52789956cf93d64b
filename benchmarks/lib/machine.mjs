// What a reader must know of the machine; nothing that names it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const VULNERABILITIES = '/sys/devices/system/cpu/vulnerabilities';

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return undefined; // another system, or no permission
  }
}

function mitigations() {
  if (!fs.existsSync(VULNERABILITIES)) return undefined;
  const states = {};
  for (const name of fs.readdirSync(VULNERABILITIES).sort()) {
    const state = readText(path.join(VULNERABILITIES, name));
    if (state !== undefined && state !== 'Not affected') states[name] = state;
  }
  return states;
}

/** Wine brings this program along, Windows does not. */
export function underWine() {
  if (process.platform !== 'win32') return false;
  return fs.existsSync(path.join(process.env.SystemRoot ?? 'C:\\windows', 'system32', 'winecfg.exe'));
}

function virtualMachine() {
  if (process.platform !== 'linux') return undefined;
  return /^flags\s*:.*\bhypervisor\b/m.test(readText('/proc/cpuinfo') ?? '');
}

function hasTaskset() {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** One processor for servers and one for the load, as far apart as there are; undefined where that cannot be. */
export function choosePinning() {
  const processors = os.availableParallelism();
  if (process.platform !== 'linux' || processors < 2 || !hasTaskset()) return undefined;
  return { server: processors - 1, load: 0 };
}

/** What a Node says of itself; this one, or another executable. */
function describeNode(file) {
  const script =
    'JSON.stringify({ ...process.versions, glibc: process.report?.getReport().header.glibcVersionRuntime })';
  const { node, uv, v8, glibc } = JSON.parse(execFileSync(file, ['-p', script], { encoding: 'utf8' }));
  return { node: `v${node}`, libuv: uv, v8, glibc };
}

/** @param {string} nodeFile  what node:net and iocp-net run on */
export function describeMachine(nodeFile = process.execPath) {
  const [cpu] = os.cpus();
  const { glibc, ...versions } = describeNode(nodeFile);
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    processors: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: process.platform,
    architecture: process.arch,
    kernel: os.release(),
    glibc,
    virtualMachine: virtualMachine(),
    wine: underWine(),
    mitigations: mitigations(),
    ...versions,
  };
}

export function machineLine(machine) {
  // Described from outside of Wine, the kernel is Linux'.
  const onLinux = machine.platform === 'win32' ? 'Wine' : `Wine on ${machine.platform}`;
  const system = machine.wine ? onLinux : machine.platform;
  return [
    `${machine.cpu}, ${machine.processors} processors${machine.virtualMachine ? ' (virtual machine)' : ''}`,
    `${system} ${machine.kernel} ${machine.architecture}`,
    `Node ${machine.node}, libuv ${machine.libuv}`,
  ].join('; ');
}
