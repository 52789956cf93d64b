// The processes of a measurement: a server on one transport, its backend where the scenario has one, the load.
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { Child } from './child.mjs';
import { folders } from './places.mjs';
import { resolveTransport } from './transports.mjs';

const require = createRequire(import.meta.url);
const SERVER = path.join(folders.benchmarks, 'server', 'server.cjs');

export const scenarioOf = ({ scenario }) =>
  require(path.join(folders.benchmarks, 'scenarios', `${scenario}.cjs`));

let localPaths = 0;

function localPath() {
  const name = `iocp-net-bench-${process.pid}-${localPaths++}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : path.join(os.tmpdir(), `${name}.sock`);
}

/** Starts a command on one processor, where the system has taskset and more than one: the server has its own. */
function pinned(pinning, role, file, args) {
  if (pinning === undefined) return { file, args };
  const processor = role === 'server' ? pinning.server : pinning.load;
  return { file: 'taskset', args: ['-c', String(processor), file, ...args] };
}

async function startOne(cell, transport, settings, { role, backend }) {
  const description = {
    transport: transport.net,
    scenario: cell.scenario,
    parameters: cell.parameters,
    path: cell.parameters.local ? localPath() : undefined,
    backend,
    package: folders.package,
  };
  const args = transport.serverArguments(SERVER, description, cell);
  const command = pinned(settings.pinning, role, transport.file, args);
  const child = new Child({ name: `the ${role} on ${transport.name}`, ...command, env: transport.env });
  try {
    return { child, ...(await child.answer()) };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

/** @returns {Promise<{server: Child, backend?: Child, listening: object | string, engine?: string}>} */
export async function startServer(cell, transport, settings) {
  const wanted = scenarioOf(cell).backend?.(cell.parameters);
  if (wanted === undefined) {
    const { child, listening, engine } = await startOne(cell, transport, settings, { role: 'server' });
    return { server: child, listening, engine };
  }
  const upstream = await startOne(wanted, resolveTransport(wanted.transport), settings, { role: 'backend' });
  try {
    const options = { role: 'server', backend: upstream.listening };
    const { child, listening, engine } = await startOne(cell, transport, settings, options);
    return { server: child, backend: upstream.child, listening, engine };
  } catch (error) {
    await upstream.child.kill();
    throw error;
  }
}

export function startLoad(cell, listening, settings) {
  const where = typeof listening === 'string' ? ['--path', listening] : ['--port', listening.port];
  const args = [...where, ...scenarioOf(cell).load(cell.parameters)].map(String);
  const command = pinned(settings.pinning, 'load', settings.loadProgram, args);
  return new Child({ name: 'the load generator', ...command });
}
