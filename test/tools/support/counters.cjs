'use strict';

// Loaded after the port: at the end of a process, what the port has carried in it goes to a file of the spec.

const fs = require('node:fs');
const { engine } = require('iocp-net/engine');

process.on('exit', () => {
  const { acceptedEndpoints, connectedEndpoints } = engine.counters;
  const record = { engine: engine.name, accepted: acceptedEndpoints, connected: connectedEndpoints };
  fs.appendFileSync(process.env.IOCP_NET_TOOL_COUNTERS, `${JSON.stringify(record)}\n`);
});
