'use strict';

// Keep-alive times and counts that the system cannot have: what it is set to in the end.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { differential } = require('../support/contract.js');
const { listening, close, closed, noteClose, when, nodeMajor } = require('../support/sockets.js');

const TICKS_PER_SECOND = 100; // of /proc, on every architecture
const KEEP_ALIVE_TIMER = '02';
const SYSTEM_SECONDS_MIN = 3600; // its own time before the first probe is two hours

const SETTINGS = [
  [true],
  [true, 500],
  [true, -5000],
  [true, 5000],
  [true, 5000, 2000, 5],
  [true, 5000, 0, 0],
  [true, 5000, 0, 5],
  [true, 5000, 2000, 0],
  [true, 5000, -1],
  [true, 5000, -2000, 5],
  [true, 5000, 2000, -5],
  [true, 5000, 1e9, 5],
  [true, 5000, 2000, 1000],
  [true, 5000, 2000, 2 ** 32 - 1],
  [true, 5000, 2000, 2.5],
  [true, 5000, NaN, NaN],
  [true, 5000, null, null],
  [true, 5000, '2000', '5'],
  [true, 4e9, 2000, 5],
  [false, 5000, 2000, 5],
  [{ enable: true, initialDelay: 5000, interval: 2000, count: 5 }],
  [{ enable: true, initialDelay: 5000, interval: 0, count: 5 }],
];

const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');

/** When the system sends its first probe: never, in its own time, or in one that it was set to. */
function firstProbe({ localPort, remotePort }) {
  for (const line of fs.readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, local, remote, , , timer] = line.trim().split(/\s+/);
    if (!local?.endsWith(`:${hex(localPort)}`) || !remote.endsWith(`:${hex(remotePort)}`)) continue;
    const [kind, ticks] = timer.split(':');
    if (kind !== KEEP_ALIVE_TIMER) return 'never';
    return Number.parseInt(ticks, 16) / TICKS_PER_SECOND > SYSTEM_SECONDS_MIN
      ? "in the system's time"
      : 'soon';
  }
  throw new Error('the system does not list the connection');
}
const firstProbeOf = process.platform === 'linux' ? firstProbe : () => 'not shown by this system';

differential('keep-alive that the system refuses', ({ same }) => {
  for (const moment of ['before connect', 'on a connection']) {
    same(`set ${moment}`, async (net) => {
      const server = await listening(net, {}, (s) => noteClose(s).resume());
      const results = [];
      for (const args of SETTINGS) {
        const socket = noteClose(new net.Socket());
        if (moment === 'before connect') assert.equal(socket.setKeepAlive(...args), socket);
        const errors = [];
        socket.on('error', (error) => errors.push(error.code));
        socket.connect(server.address().port, '127.0.0.1');
        await when(socket, 'connect');
        if (moment !== 'before connect') assert.equal(socket.setKeepAlive(...args), socket);
        results.push([args, firstProbeOf(socket), errors]);
        socket.end();
        await closed(socket);
      }
      await close(server);
      if (process.platform === 'linux') {
        const seen = new Set(results.map(([, probe]) => probe));
        assert.deepEqual([...seen].sort(), ["in the system's time", 'never', 'soon']);
        // Node before 24.21 knows neither interval nor count.
        if (nodeMajor >= 26) assert.equal(results[5][1], "in the system's time");
      }
      return results.map(([args, ...rest]) => [JSON.stringify(args), ...rest]);
    });
  }

  same('of a server', async (net) => {
    const results = [];
    for (const keepAliveInitialDelay of [undefined, -5000, 0, 500, 5000, 4e9]) {
      const server = net.createServer({ keepAlive: true, keepAliveInitialDelay }).listen(0, '127.0.0.1');
      await when(server, 'listening');
      const client = noteClose(net.connect(server.address().port, '127.0.0.1')).resume();
      const [accepted] = await when(server, 'connection');
      noteClose(accepted);
      results.push([String(keepAliveInitialDelay), firstProbeOf(accepted)]);
      accepted.resume().end();
      await closed(client);
      await closed(accepted);
      await close(server);
    }
    return results;
  });
});
