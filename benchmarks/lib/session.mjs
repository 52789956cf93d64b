// One measurement: one server process on one transport, one load process, one scenario.
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { Child } from './child.mjs';
import { latencyFigures } from './histogram.mjs';
import { folders } from './places.mjs';

const require = createRequire(import.meta.url);
const SERVER = path.join(folders.benchmarks, 'server', 'server.cjs');

const scenario = (cell) => require(path.join(folders.benchmarks, 'scenarios', `${cell.scenario}.cjs`));

let localPaths = 0;

function localPath() {
  const name = `iocp-net-bench-${process.pid}-${localPaths++}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : path.join(os.tmpdir(), `${name}.sock`);
}

/** Starts a command on one processor of its own, where the system has taskset and more than one. */
function pinned(pinning, role, file, args) {
  if (pinning === undefined) return { file, args };
  return { file: 'taskset', args: ['-c', String(pinning[role]), file, ...args] };
}

async function startServer(cell, transport, settings) {
  const description = {
    transport: transport.net,
    scenario: cell.scenario,
    parameters: cell.parameters,
    path: cell.parameters.local ? localPath() : undefined,
    package: folders.package,
  };
  const args = transport.serverArguments(SERVER, description, cell);
  const command = pinned(settings.pinning, 'server', transport.file, args);
  const server = new Child({ name: `the server on ${transport.name}`, ...command, env: transport.env });
  try {
    const { listening, engine } = await server.answer();
    return { server, listening, engine };
  } catch (error) {
    await server.kill();
    throw error;
  }
}

function startLoad(cell, listening, settings) {
  const { load } = scenario(cell);
  const where = typeof listening === 'string' ? ['--path', listening] : ['--port', listening.port];
  const args = [...where, ...load(cell.parameters)].map(String);
  const command = pinned(settings.pinning, 'load', settings.loadProgram, args);
  return new Child({ name: 'the load generator', ...command });
}

function cpuFigures(before, after, result) {
  const userUs = after.userUs - before.userUs;
  const systemUs = after.systemUs - before.systemUs;
  const elapsedUs = result.elapsedNs / 1_000;
  return {
    cpuUs: (userUs + systemUs) / result.messages,
    userUs: userUs / result.messages,
    systemUs: systemUs / result.messages,
    rate: result.messages / (elapsedUs / 1e6),
    bytesPerSecond: Math.max(result.bytesSent, result.bytesReceived) / (elapsedUs / 1e6),
    serverShare: (userUs + systemUs) / elapsedUs,
    loadShare: (result.loadUserNs + result.loadSystemNs) / result.elapsedNs,
  };
}

/**
 * Until the server has worked for a while: compilers act on what has run, and on a busy machine or few connections that
 * takes longer. Always in a closed loop, which keeps the server busy.
 */
async function warmUp(server, load, { warmUpMs, warmUpCpuMs, warmUpMsMax }) {
  const workedUs = ({ userUs, systemUs }) => userUs + systemUs;
  const before = workedUs(await server.ask('usage'));
  for (let passedMs = 0; passedMs < warmUpMsMax; passedMs += warmUpMs) {
    await load.ask(`closed ${warmUpMs}`);
    if (workedUs(await server.ask('usage')) - before >= warmUpCpuMs * 1_000) return;
  }
}

/** Closed loop, open loop: CPU time of the server for each message. */
async function measureMessages(server, load, cell, durations) {
  const { rate } = cell.parameters;
  const { measureMs } = durations;
  await warmUp(server, load, durations);
  const before = await server.ask('usage');
  const result = await load.ask(rate === undefined ? `closed ${measureMs}` : `open ${measureMs} ${rate}`);
  const after = await server.ask('usage');
  if (result.messages === 0) throw new Error('no message came back');
  const figures = { ...cpuFigures(before, after, result), ...latencyFigures(result.latenciesNs) };
  if (rate !== undefined) figures.lateP99Us = latencyFigures(result.latenessNs).p99Us;
  return { figures, latenciesNs: result.latenciesNs };
}

/** Memory: what the server's process has grown by, after `collect`, for each unit of the cell. */
async function measureMemory(server, startLoadNow, cell) {
  const { memory } = scenario(cell);
  const before = await server.ask('collect');
  const load = startLoadNow();
  try {
    await load.answer();
    await load.ask(memory.command(cell.parameters));
    const after = await server.ask(memory.peak ? 'usage' : 'collect');
    const grown = memory.peak
      ? after.residentBytesMax - before.residentBytes
      : after.residentBytes - before.residentBytes;
    return { figures: { memoryBytes: grown / memory.units(cell.parameters) } };
  } finally {
    await load.kill();
  }
}

/**
 * @returns {Promise<{engine?: string, figures: Record<string, number>, latenciesNs?: [number, number][]}>}
 */
export async function measure(cell, transport, settings) {
  const { server, listening, engine } = await startServer(cell, transport, settings);
  try {
    const start = () => startLoad(cell, listening, settings);
    if (cell.kind === 'memory') return { engine, ...(await measureMemory(server, start, cell)) };
    const load = start();
    try {
      await load.answer();
      const measured = await measureMessages(server, load, cell, settings.durations);
      await load.quit();
      return { engine, ...measured };
    } finally {
      await load.kill();
    }
  } finally {
    await server.quit();
  }
}
