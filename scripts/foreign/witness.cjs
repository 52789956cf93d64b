'use strict';

// Loaded into every process of a run over the preload: at its end it writes what the port has carried.

const fs = require('node:fs');

const { IOCP_NET_FOREIGN_WITNESS: file, IOCP_NET_FOREIGN_ENGINE: engineFile } = process.env;
// Taken now: tests replace these.
const { appendFileSync } = fs;

process.once('exit', () => {
  const { engine } = require(engineFile);
  const { acceptedEndpoints, connectedEndpoints, adoptedEndpoints } = engine.counters;
  const carried = acceptedEndpoints + connectedEndpoints + adoptedEndpoints;
  appendFileSync(file, `${JSON.stringify({ engine: engine.name, carried })}\n`);
});
