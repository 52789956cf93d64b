// Preloaded by `iocp-net doctor -- program`: writes what was carried, and what was not, to the folder that
// IOCP_NET_OBSERVE names: twice a second, since a signal or worker.terminate() leaves no time at the end, and at the end.
import { AsyncResource, createHook } from 'node:async_hooks';
import fs from 'node:fs';
import path from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { threadId } from 'node:worker_threads';
import { engine } from './engine.js';
import { install } from './install.js';
import { isProbing, observeDebug } from './node/debug.js';
import type { Counters } from './port/port.js';

export interface Observation {
  pid: number;
  program: string[];
  engine: string;
  reason: string | undefined;
  /** Whether this was written at the end; what a signal ended is reported as it was up to half a second before. */
  ended: boolean;
  counters: Counters;
  /** Lines on carriers, without addresses, and how often each came. */
  lines: Record<string, number>;
  /** Handles that Node itself made for sockets and servers, by kind. */
  onLibuv: Record<string, number>;
}

const KINDS: Record<string, string> = {
  TCPWRAP: 'TCP sockets',
  TCPSERVERWRAP: 'TCP servers',
  PIPEWRAP: 'pipes and local sockets',
  PIPESERVERWRAP: 'servers on pipes and local sockets',
  TLSWRAP: 'TLS sessions',
  HTTP2SESSION: 'HTTP/2 sessions',
};
/** Addresses and numbers differ from line to line. */
const DETAIL = /(\d{1,3}(\.\d{1,3}){3}|[\w.-]*:[0-9a-f:]*):\d+|\b\d+\b/gi;

const PERIOD_MS = 500;

function observe(folder: string): void {
  const lines: Record<string, number> = {};
  const onLibuv: Record<string, number> = {};
  const count = (counts: Record<string, number>, key: string) => {
    counts[key] = (counts[key] ?? 0) + 1;
  };
  observeDebug((line) => count(lines, line.replace(DETAIL, '*')));
  createHook({
    init(_id, type, _trigger, resource) {
      const kind = KINDS[type];
      // Those of the port are AsyncResources of JavaScript; and what it asks Node by trying is none of the program's.
      const isOurs = resource instanceof AsyncResource || isProbing();
      if (kind !== undefined && !isOurs) count(onLibuv, kind);
    },
  }).enable();
  const file = path.join(folder, `${process.pid}-${threadId}.json`);
  let written = '';
  const write = (ended: boolean) => {
    const { name, reason, counters } = engine;
    const program = process.argv.slice(1);
    const observation: Observation = {
      pid: process.pid,
      program,
      engine: name,
      reason,
      ended,
      counters,
      lines,
      onLibuv,
    };
    const text = JSON.stringify(observation);
    if (text === written) return;
    try {
      fs.writeFileSync(`${file}.part`, text);
      fs.renameSync(`${file}.part`, file);
      written = text;
    } catch {
      clearInterval(timer); // the doctor has ended before this process, and its folder is gone
    }
  };
  const timer = setInterval(write, PERIOD_MS, false).unref();
  process.on('exit', () => write(true));
}

install();
const folder = process.env.IOCP_NET_OBSERVE;
if (folder) observe(folder);
