'use strict';

// Loaded after the port: at the end of a process, what the port has carried in it goes to a file of the spec.

const fs = require('node:fs');
const { engine } = require('iocp-net/engine');

function record() {
  const { acceptedEndpoints, connectedEndpoints } = engine.counters;
  const line = { engine: engine.name, accepted: acceptedEndpoints, connected: connectedEndpoints };
  fs.appendFileSync(process.env.IOCP_NET_TOOL_COUNTERS, `${JSON.stringify(line)}\n`);
}

process.on('exit', record);
// vitest ends its workers by a signal.
if (process.send)
  process.once('SIGTERM', () => {
    process.exit(143);
  });
