'use strict';
// Results that nobody has measured, for the specs of what is made of results.

function sample(round, cpuUs) {
  return { round, cpuUs, rate: 1e6 / cpuUs, loadShare: 0.5, serverShare: 0.95 };
}

/** A result with one cell, in which iocp-net needs `factor` times what node:net needs. */
function resultWith(factor, options = {}) {
  const base = [10, 11, 9, 10.5, 9.5, 10.2];
  return {
    format: 2,
    version: '1.2.3',
    date: '2030-01-02T03:04:05.000Z',
    extent: 'quick',
    status: 'complete',
    machine: {
      cpu: 'A <CPU>',
      processors: 2,
      platform: 'linux',
      kernel: '1',
      architecture: 'x64',
      node: 'v1',
      libuv: '1',
    },
    settings: {},
    transports: [{ name: 'node:net' }, { name: 'iocp-net' }],
    engines: {},
    leftOut: [],
    cells: [
      {
        id: 'echo/connections=50,bytes=64',
        group: 'Echo round trips',
        scenario: 'echo',
        title: '50 connections, 64 B',
        parameters: { connections: 50, bytes: 64 },
        kind: 'message',
        unit: 'message',
        rounds: base.length,
        visits: 1,
        warmUps: {},
        curves: { 'node:net': [[1, 2]], 'iocp-net': [[1, 2]] },
        failed: {},
        samples: {
          'node:net': base.map((cpuUs, round) => sample(round, cpuUs)),
          'iocp-net': base.map((cpuUs, round) => sample(round, cpuUs * factor * (1 + 0.01 * (round % 2)))),
        },
      },
    ],
    ...options,
  };
}

module.exports = { sample, resultWith };
