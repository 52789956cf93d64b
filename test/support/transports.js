'use strict';

// The two implementations of one contract: Node's own net and this package.
//
// IOCP_NET_CONTRACT=node  leaves this package out (to check the specs themselves).
// IOCP_NET_CONTRACT=ours  leaves node:net out (to look at one failure).
// Anything else runs both; if the package does not load, its half fails.

const path = require('node:path');
const { simulated } = require('./simulation.js');

const choice = process.env.IOCP_NET_CONTRACT ?? 'both';
if (!['both', 'node', 'ours'].includes(choice)) {
  throw new Error(`IOCP_NET_CONTRACT must be node, ours or both, not ${choice}`);
}

const packageRoot = path.resolve(__dirname, '../..');

const builtin = { name: 'node:net', id: 'node:net', ours: false, net: require('node:net'), error: null };
const package_ = { name: 'iocp-net', id: packageRoot, ours: true, net: null, error: null };

if (choice !== 'node') {
  try {
    package_.net = require(packageRoot);
  } catch (error) {
    package_.error = new Error(`iocp-net does not load: ${error.message.split('\n')[0]}`);
    package_.error.stack = error.stack;
  }
} else {
  console.log('  IOCP_NET_CONTRACT=node: iocp-net is left out by choice, this run says nothing about it.');
}

const transports = [builtin, package_].filter((one) => choice === 'both' || one.ours === (choice === 'ours'));

/** The `iocp-net/engine` entry, by the name under which a user finds it. */
function engine() {
  return require('iocp-net/engine').engine;
}

/** Fails unless the package runs on a native engine; a fallback to node:net would pass every spec. */
function assertNativeEngine() {
  const { name, reason } = engine();
  const native = process.platform === 'win32' ? 'iocp' : 'epoll';
  const expected = simulated ? 'simulation' : native;
  if (name !== expected) {
    throw new Error(`the contract is to be kept by the ${expected} engine, this is "${name}" (${reason})`);
  }
}

/** All counters of the engine as one flat record of numbers. */
function counters() {
  const flat = {};
  for (const [key, value] of Object.entries(engine().counters)) {
    if (typeof value === 'number' || typeof value === 'bigint') flat[key] = Number(value);
  }
  return flat;
}

module.exports = { transports, builtin, package_, choice, packageRoot, engine, assertNativeEngine, counters };
