// `iocp-net doctor -- program`: runs a program with the preload, and reports what was carried and what was not.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Observation } from './observe.js';

/** NODE_OPTIONS splits at spaces, and takes quotes and backslashes. */
function nodeOptions(): string {
  const file = path.join(__dirname, 'observe.js').replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return [process.env.NODE_OPTIONS ?? '', `--require "${file}"`].join(' ').trim();
}

export interface Run {
  code: number;
  processes: Observation[];
}

/** Runs the command to its end, with its stdout on `stdout`; SIGINT and SIGTERM go on to it. */
export async function runObserved([file, ...args]: string[], stdout: number): Promise<Run> {
  if (file === undefined) throw new Error('doctor -- needs a command, as in: iocp-net doctor -- node app.js');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-doctor-'));
  try {
    const child = spawn(file, args, {
      stdio: ['inherit', stdout, 'inherit'],
      env: { ...process.env, NODE_OPTIONS: nodeOptions(), IOCP_NET_OBSERVE: folder },
    });
    process.on('SIGINT', () => {}); // the terminal sends it to the program, too
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status, signal) =>
        resolve(status ?? 128 + (signal ? os.constants.signals[signal] : 0)),
      );
    });
    const isWhole = (name: string) => name.endsWith('.json');
    const files = fs.readdirSync(folder).filter(isWhole).sort();
    const read = (name: string) =>
      JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as Observation;
    return { code, processes: files.map(read) };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function renderProcess(observation: Observation): string[] {
  const { pid, program, engine, reason, ended, counters, lines, onLibuv } = observation;
  const { acceptedEndpoints, connectedEndpoints, adoptedEndpoints, bytesReceived, bytesSent } = counters;
  const carried = [
    `${acceptedEndpoints} accepted, ${connectedEndpoints} connected, ${adoptedEndpoints} taken over`,
    `${bytesReceived} bytes received, ${bytesSent} bytes sent`,
  ];
  const rest = Object.entries(onLibuv).map(([kind, number]) => `${number} ${kind}`);
  return [
    `  process ${pid}: ${program.join(' ')}`,
    ...(ended ? [] : ['    killed     what follows was so at most half a second before']),
    `    engine     ${reason === undefined ? engine : `${engine}: ${reason}`}`,
    `    carried    ${carried.join('; ')}`,
    `    on libuv   ${rest.length > 0 ? rest.join(', ') : 'nothing'}`,
    ...Object.entries(lines).map(([line, number]) => `    ${String(number).padStart(6)} x  ${line}`),
  ];
}

export function renderRun({ code, processes }: Run): string {
  if (processes.length === 0) {
    return 'No process of Node reported: the command started none, or it was killed in its first half second.\n';
  }
  const notes = processes.some(({ onLibuv }) => Object.keys(onLibuv).length > 0)
    ? [
        '  TLS, https and HTTP/2 run on libuv by design, and so do pipes to child processes: see docs/endpoints.md.',
      ]
    : [];
  return [`exit code ${code}`, ...processes.flatMap(renderProcess), ...notes, ''].join('\n');
}
