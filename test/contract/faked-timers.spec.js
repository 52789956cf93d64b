'use strict';

// Programs that fake timers mean their own: those of sockets go on, as node:net's do.

const assert = require('node:assert/strict');
const timers = require('node:timers');
const { mock } = require('node:test');
const { contract } = require('../support/contract.js');
const { close, listening, pair, freePort } = require('../support/sockets.js');

const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
];
const never = () => ({ ref: never, unref: never, refresh: never, hasRef: () => false });

/** Runs while nothing that a program can reach is a real timer. */
async function faked(run) {
  const holders = [globalThis, timers];
  const before = holders.map((holder) => FAKED.map((name) => holder[name]));
  const { queueMicrotask, performance } = globalThis;
  const { now } = Date;
  const replace = () => {
    for (const holder of holders) for (const name of FAKED) holder[name] = never;
    globalThis.queueMicrotask = () => {};
    Date.now = () => 0;
    performance.now = () => 0;
  };
  const restore = () => {
    for (const [i, holder] of holders.entries()) {
      for (const [at, name] of FAKED.entries()) holder[name] = before[i][at];
    }
    globalThis.queueMicrotask = queueMicrotask;
    Date.now = now;
    delete performance.now;
  };
  replace();
  try {
    return await run();
  } finally {
    restore();
  }
}

/** An event, without a guard of its own: its timer would be a faked one. */
const next = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));

contract('while timers are faked', ({ net, it }) => {
  it('an idle timeout comes', async () => {
    const { client, finish } = await pair(net);
    await faked(async () => {
      client.setTimeout(20);
      await next(client, 'timeout');
    });
    client.setTimeout(0);
    await finish();
  });

  it('one that was set before goes on, and can be refreshed and removed', async () => {
    const { client, accepted, finish } = await pair(net);
    client.setTimeout(30);
    client.resume();
    await faked(async () => {
      accepted.write('activity');
      await next(client, 'timeout');
      client.setTimeout(0);
      accepted.setTimeout(40);
      let late = false;
      client.once('timeout', () => (late = true));
      await next(accepted, 'timeout');
      assert.equal(late, false);
    });
    accepted.setTimeout(0);
    await finish();
  });

  it('a socket that is destroyed during its lookup closes', async () => {
    await faked(async () => {
      const client = net.connect({ port: 1, host: 'name.test', lookup: () => {} });
      client.destroy();
      await next(client, 'close');
    });
  });

  it('the next address is tried when one does not answer in time', async () => {
    const server = await listening(net, {}, (accepted) => accepted.end());
    const attempts = [];
    await faked(async () => {
      const client = net.connect({
        port: server.address().port,
        host: 'name.test',
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: 20,
        lookup: (_host, _options, callback) =>
          process.nextTick(callback, null, [
            { address: '127.0.0.2', family: 4 },
            { address: '127.0.0.1', family: 4 },
          ]),
      });
      client.on('connectionAttempt', (address) => {
        attempts.push(address);
        // Nobody answers the first one.
        if (address === '127.0.0.2') client._handle.connect = () => 0;
      });
      client.resume();
      await next(client, 'close');
    });
    assert.deepEqual(attempts, ['127.0.0.2', '127.0.0.1']);
    await close(server);
  });

  it('errors and ends are what they are', async () => {
    const port = await freePort(net);
    const server = await listening(net, {}, (accepted) => accepted.end('last words'));
    await faked(async () => {
      const refused = net.connect(port, '127.0.0.1');
      const [error] = await next(refused, 'error');
      assert.equal(error.code, 'ECONNREFUSED');
      const client = net.connect(server.address().port, '127.0.0.1');
      let text = '';
      client.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      await next(client, 'close');
      assert.equal(text, 'last words');
    });
    await close(server);
  });

  it("node:test's mock timers leave it alone", async () => {
    const { client, finish } = await pair(net);
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
    try {
      client.setTimeout(20);
      await next(client, 'timeout');
      const early = net.connect({ port: 1, host: 'name.test', lookup: () => {} });
      early.destroy();
      await next(early, 'close');
    } finally {
      mock.timers.reset();
    }
    client.setTimeout(0);
    await finish();
  });

  it('a pending timeout is gone with its socket', async () => {
    const { client, accepted, server } = await pair(net);
    let fired = 0;
    client.on('timeout', () => fired++);
    await faked(async () => {
      client.setTimeout(20);
      client.destroy();
      accepted.setTimeout(40);
      accepted.resume();
      await Promise.all([next(client, 'close'), next(accepted, 'close')]);
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(fired, 0);
    await close(server);
  });
});
