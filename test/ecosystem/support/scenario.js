'use strict';

// What a program of these specs reports to its parent: its result, and what carried it.

const { engine } = require('iocp-net/engine');
const { libuvHandles, activeLibuvHandles } = require('../../support/libuv-handles.cjs');

const nodesHandles = process.platform === 'win32' ? activeLibuvHandles : libuvHandles;

let handlesSeen = 0;

/** To be called while connections are open: counts the TCP handles of Node itself. */
function sample() {
  handlesSeen += nodesHandles().length;
}

/** Asks the parent for something (a restart of the server) and waits until it is done. */
function ask(what) {
  return new Promise((resolve) => {
    process.once('message', resolve);
    process.send({ ask: what });
  });
}

/** Runs the body; its result must not depend on what carries the sockets. */
async function scenario(body) {
  const result = await body({ sample, ask, args: process.argv.slice(2) });
  const { acceptedEndpoints, connectedEndpoints } = engine.counters;
  const report = {
    result,
    engine: engine.name,
    accepted: acceptedEndpoints,
    connected: connectedEndpoints,
    handlesSeen,
  };
  process.send(report, () => process.disconnect()); // nothing else may keep the program alive
}

const CALM_TURNS = 10;
const TURN_MS = 4;

/** Waits until nothing more is traced: in turns of the loop, each of which looks for events, not in time alone. */
async function settled(trace) {
  let length = trace.length;
  for (let calm = 0; calm < CALM_TURNS; calm++) {
    await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    if (trace.length !== length) calm = 0;
    length = trace.length;
  }
}

const once = (emitter, event) =>
  new Promise((resolve, reject) => {
    emitter.once(event, resolve);
    if (event !== 'error') emitter.once('error', reject);
  });

const listening = async (server, ...address) => {
  server.listen(...(address.length > 0 ? address : [0, '127.0.0.1']));
  await once(server, 'listening');
  return server.address().port;
};

module.exports = { scenario, once, settled, listening };
