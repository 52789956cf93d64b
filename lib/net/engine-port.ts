// The environment's port, for the files of this folder.
import util = require('node:util');

import { debug } from '../node/debug.js';
import { loadAddon } from '../port/addon.js';
import { CompletionPort } from '../port/port.js';

let opened: CompletionPort | undefined;
let reason: string | undefined;

/** What a port that did not open for want of something needs of the system. */
const ADVICE = 'let the process have more descriptors (ulimit -n) or memory, and start it again';
const LACKING = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC'];
let advice: string | undefined;

/** Opens the port at the first call. Undefined when there is none in this process: `whyNone` then says why. */
export function tryPort(): CompletionPort | undefined {
  if (opened !== undefined || reason !== undefined) return opened;
  const other = otherRuntime();
  if (other !== undefined) {
    reason = `${other} carries its own sockets`;
    return undefined;
  }
  const addon = loadAddon();
  if (typeof addon === 'string') {
    reason = addon;
    return undefined;
  }
  const result = CompletionPort.open(addon);
  if (typeof result === 'number') {
    const code = util.getSystemErrorName(result);
    reason = `the ${addon.name} port did not open (${code})`;
    if (LACKING.includes(code)) advice = ADVICE;
    debug('node:net carries everything: %s', [reason, advice].filter(Boolean).join('; '));
    return undefined;
  }
  opened = result;
  return opened;
}

/** Runtimes that only look like Node: Bun has functions under libuv's names that end the process. */
function otherRuntime(): string | undefined {
  const { bun, deno } = process.versions as { bun?: string; deno?: string };
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? undefined : `Deno ${deno}`;
}

export function whyNone(): string | undefined {
  tryPort();
  return reason;
}

/** What to do about a port that did not open; undefined where that is not the reason. */
export function adviceOnOpening(): string | undefined {
  tryPort();
  return advice;
}

/** The open port; only code that runs with an engine calls this. */
export function port(): CompletionPort {
  const open = tryPort();
  if (open === undefined) throw new Error(`iocp-net has no engine here: ${reason}`);
  return open;
}
