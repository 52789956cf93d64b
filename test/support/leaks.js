'use strict';

// Counts what a spec may leave behind: sockets of the process (Linux), handles of Node itself (everywhere),
// endpoints of the engine (this package). A spec passes only when all three are back where they were.

const fs = require('node:fs');
const dc = require('node:diagnostics_channel');
const { engine, package_ } = require('./transports.js');

const SETTLE_GUARD_MS = Number(process.env.IOCP_NET_CONTRACT_SETTLE_MS ?? 10_000);
const NETWORK_RESOURCE = /^(TCP|Pipe)(Socket|Server|Connect|)Wrap$|^(TCP|PIPE)/;

function descriptors() {
  if (process.platform !== 'linux') return 0;
  let count = 0;
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      if (fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')) count++;
    } catch (error) {
      if (error.code !== 'ENOENT') throw error; // the descriptor of readdir itself
    }
  }
  return count;
}

function census() {
  const counts = { descriptors: descriptors() };
  for (const type of process.getActiveResourcesInfo()) {
    if (NETWORK_RESOURCE.test(type)) counts[type] = (counts[type] ?? 0) + 1;
  }
  return {
    ...counts,
    endpoints: package_.net === null ? 0 : Number(engine().counters.openEndpoints),
  };
}

function excess(before, now) {
  return Object.keys(now)
    .filter((key) => now[key] > (before[key] ?? 0))
    .map((key) => `${now[key] - (before[key] ?? 0)} ${key}`);
}

/** Waits until nothing is open beyond `before`; returns what is left, as text, or '' when all is closed. */
async function settled(before, guardMs = SETTLE_GUARD_MS) {
  const deadline = Date.now() + guardMs;
  for (;;) {
    const left = excess(before, census());
    if (left.length === 0) return '';
    if (Date.now() > deadline) return left.join(', ');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

// What is open is remembered weakly, so that a failed spec can be cleared away and does not fail the next one.
let known = [];
const remember = (object) => known.push(new WeakRef(object));
dc.subscribe('net.client.socket', ({ socket }) => remember(socket));
dc.subscribe('net.server.socket', ({ socket }) => remember(socket));
dc.subscribe('tracing:net.server.listen:asyncStart', ({ server }) => remember(server));

function forgetAll() {
  known = [];
}

function closeAll() {
  const objects = known.map((ref) => ref.deref()).concat(process._getActiveHandles());
  for (const object of objects) {
    if (!object || object._isStdio || object.fd <= 2) continue;
    if (typeof object.pid === 'number' && typeof object.kill === 'function') object.kill('SIGKILL');
    else if (typeof object.destroySoon === 'function') {
      object.on('error', () => {});
      object.destroy();
    } else if (typeof object.listen === 'function' && object.listening) object.close();
  }
  forgetAll();
}

module.exports = { census, settled, remember, forgetAll, closeAll };
