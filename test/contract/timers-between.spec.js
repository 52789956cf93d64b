'use strict';

// Timers run between handlers: a turn of the loop ends after some work, whatever waits. Counted, not timed: how often a
// timer's callback runs while handlers burn processor time, here and over node:net.

const assert = require('node:assert/strict');
const { contract } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const { transports } = require('../support/transports.js');
const { until, pair } = require('../support/sockets.js');

/** As often as this part of node:net's count, at least. */
const SHARE = 2 / 3;
const ROUNDS_MAX = 8;

// Each runs in a process of its own, and returns how many callbacks of a timer ran while how many handlers burned.
const SCENARIOS = {
  /** A burst of connections, each of whose handlers works for a millisecond. */
  accepts: (net, report) => {
    const COUNT = 300;
    const cpuMs = () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    };
    const clients = [];
    let handlers = 0;
    let timers = 0;
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      for (const end = cpuMs() + 1; cpuMs() < end; );
      if (++handlers < COUNT) return;
      report({ handlers, timers });
      process.exit();
    });
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1000 }, () => {
      // The other side in a thread: it connects while this one works.
      const { Worker } = require('node:worker_threads');
      clients.push(
        new Worker(
          `const { workerData: { port, count } } = require('node:worker_threads');
           for (let i = 0; i < count; i++) require('node:net').connect(port, '127.0.0.1').on('error', () => {});`,
          { eval: true, workerData: { port: server.address().port, count: COUNT } },
        ),
      );
      setInterval(() => {
        if (handlers > 0) timers++;
      }, 1);
    });
  },

  /** Bytes on many connections at once, and handlers that work for two milliseconds. */
  data: (net, report) => {
    const CONNECTIONS = 40;
    const ROUNDS = 10;
    const cpuMs = () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    };
    let handlers = 0;
    let timers = 0;
    let open = 0;
    const server = net.createServer((socket) => {
      socket
        .on('error', () => {})
        .on('data', (chunk) => {
          for (const end = cpuMs() + 2; cpuMs() < end; );
          socket.write(chunk);
          if (++handlers < CONNECTIONS * ROUNDS) return;
          report({ handlers, timers });
          process.exit();
        });
      if (++open === CONNECTIONS) worker.postMessage('go');
    });
    let worker;
    server.listen(0, '127.0.0.1', () => {
      const { Worker } = require('node:worker_threads');
      worker = new Worker(
        `const { workerData: { port, count, rounds }, parentPort } = require('node:worker_threads');
         const sockets = [];
         for (let i = 0; i < count; i++) {
           const socket = require('node:net').connect(port, '127.0.0.1').on('error', () => {});
           socket.on('data', () => socket.write('x'));
           sockets.push(socket);
         }
         parentPort.on('message', () => { for (const socket of sockets) socket.write('x'); });`,
        { eval: true, workerData: { port: server.address().port, count: CONNECTIONS, rounds: ROUNDS } },
      );
      setInterval(() => {
        if (handlers > 0) timers++;
      }, 1);
    });
  },

  /** Senders that never stop, one and several. */
  flood: (net, report, senders) => {
    const BYTES = 64 << 20;
    let received = 0;
    let timers = 0;
    let handlers = 0;
    const server = net.createServer((socket) => {
      socket
        .on('error', () => {})
        .on('data', (chunk) => {
          received += chunk.length;
          handlers++;
          if (received < BYTES) return;
          report({ handlers, timers });
          process.exit();
        });
    });
    server.listen(0, '127.0.0.1', () => {
      const { Worker } = require('node:worker_threads');
      new Worker(
        `const { workerData: { port, senders } } = require('node:worker_threads');
         const block = Buffer.alloc(256 * 1024);
         for (let i = 0; i < senders; i++) {
           const socket = require('node:net').connect(port, '127.0.0.1').on('error', () => {});
           const more = () => { while (socket.write(block)); };
           socket.on('connect', more).on('drain', more);
         }`,
        { eval: true, workerData: { port: server.address().port, senders } },
      );
      setInterval(() => {
        if (handlers > 0) timers++;
      }, 1);
    });
  },
};

async function counts(transport, scenario, args = []) {
  const { reports, stderr, code } = await inChild(transport, SCENARIOS[scenario], { args });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return reports[0];
}

describe('timers between handlers', function () {
  this.timeout(240_000);
  if (transports.length < 2) {
    for (const transport of transports) {
      it(`run at all: ${transport.name}`, async () => {
        assert.ok((await counts(transport, 'accepts')).timers > 0);
      });
    }
    return;
  }
  for (const [title, scenario, args] of [
    ['a burst of connections', 'accepts'],
    ['bytes on many connections', 'data'],
    ['a flood of one sender', 'flood', [1]],
    ['a flood of eight senders', 'flood', [8]],
  ]) {
    it(`${title}: as often as over node:net`, async () => {
      const [builtin, ours] = transports;
      const seen = [];
      const least = { expected: Infinity, actual: Infinity };
      // A run that has to wait for its processor counts more: one round of two undisturbed ones, or the least of each.
      for (let round = 0; round < ROUNDS_MAX; round++) {
        const { timers: expected } = await counts(builtin, scenario, args);
        const { timers: actual } = await counts(ours, scenario, args);
        seen.push(`${actual} of ${expected}`);
        least.expected = Math.min(least.expected, expected);
        least.actual = Math.min(least.actual, actual);
        if (actual >= SHARE * expected || least.actual >= SHARE * least.expected) return;
      }
      assert.fail(`fewer timers than over node:net: ${seen.join(', ')}`);
    });
  }
});

contract('timers between handlers', ({ net, it, ours }) => {
  it('an iteration of the loop carries one turn of handlers, not two', async () => {
    // Handlers that take longer than a turn may: from the second look at the clock on none of them is run.
    const HANDLER_MS = 3;
    const HANDLERS_MAX = ours ? 8 : 60; // node:net takes all that the system reports at once
    const pairs = [];
    for (let n = 0; n < 60; n++) pairs.push(await pair(net));
    let handlers = 0;
    let most = 0;
    let inThisIteration = 0;
    let going = true;
    const immediate = () => {
      most = Math.max(most, inThisIteration);
      inThisIteration = 0;
      if (going) setImmediate(immediate);
    };
    setImmediate(immediate);
    for (const { accepted } of pairs) {
      accepted.on('data', () => {
        for (const end = performance.now() + HANDLER_MS; performance.now() < end; );
        handlers++;
        inThisIteration++;
      });
    }
    for (const { client } of pairs) client.write('x');
    await until(() => handlers === pairs.length, 'all handlers');
    going = false;
    assert.ok(most > 0 && most <= HANDLERS_MAX);
    for (const one of pairs) await one.finish();
  });
});
