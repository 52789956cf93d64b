// Preloaded by `iocp-net doctor -- program`: writes what was carried, and what was not, to the folder that
// IOCP_NET_OBSERVE names when the process ends.
import { AsyncResource, createHook } from 'node:async_hooks';
import fs from 'node:fs';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { engine } from './engine.js';
import { install } from './install.js';
import { observeDebug } from './net/debug.js';
import type { Counters } from './port/port.js';

export interface Observation {
  pid: number;
  program: string[];
  engine: string;
  reason: string | undefined;
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
      // Those of the port are AsyncResources of JavaScript.
      if (kind !== undefined && !(resource instanceof AsyncResource)) count(onLibuv, kind);
    },
  }).enable();
  process.on('exit', () => {
    const { name, reason, counters } = engine;
    const program = process.argv.slice(1);
    const observation: Observation = {
      pid: process.pid,
      program,
      engine: name,
      reason,
      counters,
      lines,
      onLibuv,
    };
    const file = path.join(folder, `${process.pid}-${threadId}.json`);
    fs.writeFileSync(file, JSON.stringify(observation));
  });
}

install();
const folder = process.env.IOCP_NET_OBSERVE;
if (folder) observe(folder);
