'use strict';

// Loaded into a child by the tests: it answers over the IPC channel what the process is made of. It touches nothing.

const dc = require('node:diagnostics_channel');
const { libuvHandles } = require('./libuv-handles.cjs');

dc.subscribe('tracing:net.server.listen:asyncEnd', ({ server }) => {
  process.nextTick(() => process.send({ listening: server.address() }));
});

function state() {
  const { engine } = require('iocp-net/engine');
  return {
    libuv: libuvHandles().map(({ remoteEndpoint }) => (remoteEndpoint === null ? 'server' : 'socket')),
    resources: process.getActiveResourcesInfo(),
    engine: { name: engine.name, reason: engine.reason, counters: engine.counters },
  };
}

process.on('message', (question) => {
  if (question === 'state') process.send({ state: state() });
  else if (question === 'exit') process.exit(0);
});
process.channel.unref();
