'use strict';

// setImmediate() against what the loop reports: its callbacks run when the loop has looked at the system once, and what a
// call has ended at once is reported before them.

const fs = require('node:fs');
const { differential } = require('../support/contract.js');
const { pair, when, within, closed } = require('../support/sockets.js');

const BUSY_MS = 3; // more than a turn of the port

function work() {
  const end = performance.now() + BUSY_MS;
  while (performance.now() < end);
}

differential('immediates', ({ same }) => {
  for (const [name, before, bytes = 'the last'] of [
    ['a handler', () => {}],
    ['a handler that works', work],
    ['a handler of much that works', work, 'the last'.repeat(2048)],
  ]) {
    // libuv finds that end when it asks for more: on Linux as it polls again, on Windows at once.
    same(`of ${name} and the end that came with its bytes`, async (net, trace) => {
      const { client, accepted, finish } = await pair(net, { server: { pauseOnConnect: true } });
      const finished = when(client, 'finish'); // by then they have all arrived
      client.resume().end(bytes);
      await finished;
      accepted.on('data', (data) => {
        trace.push('data', String(data));
        setImmediate(() => trace.push('immediate'));
        before();
      });
      accepted.on('end', () => trace.push('end')).resume();
      await within(Promise.all([closed(client), closed(accepted)]), 'both');
      await finish();
    });

    same(`of ${name} run after the 'finish' of its end()`, async (net, trace) => {
      const { client, accepted, finish } = await pair(net);
      accepted.once('data', () => {
        before();
        setImmediate(() => trace.push('immediate'));
        accepted.end().on('finish', () => trace.push('finish'));
      });
      client.resume().write('x');
      await within(Promise.all([closed(client), closed(accepted)]), 'both');
      await finish();
    });
  }

  same(
    'of neither: the end of one connection and the bytes of another keep their order',
    async (net, trace) => {
      const [ending, sending] = await Promise.all(
        ['end', 'bytes'].map(() => pair(net, { server: { pauseOnConnect: true } })),
      );
      const arrived = [when(ending.client, 'finish'), new Promise((done) => sending.client.write('x', done))];
      ending.client.resume().end();
      await Promise.all(arrived);
      ending.accepted.on('end', () => trace.push('end'));
      sending.accepted.on('data', () => trace.push('data'));
      ending.accepted.resume();
      sending.accepted.resume();
      await when(sending.accepted, 'data');
      sending.client.resume().end();
      await within(
        Promise.all([ending, sending].flatMap(({ client, accepted }) => [closed(client), closed(accepted)])),
        'all',
      );
      await Promise.all([ending.finish(), sending.finish()]);
    },
  );

  same("of another callback run after the 'finish' of an end() there", async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.resume();
    const finished = when(client, 'finish');
    fs.stat('.', () => {
      setImmediate(() => trace.push('immediate'));
      client
        .on('finish', () => trace.push('finish'))
        .resume()
        .end();
    });
    await within(Promise.all([finished, closed(client), closed(accepted)]), 'both');
    await finish();
  });
});
