'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, pair, listening, close, closed, noteClose, turn } = require('../support/sockets.js');

const EVENTS = ['connectionAttempt', 'connect', 'ready', 'end', 'error', 'close'];

contract('signal of a socket', ({ net, it }) => {
  it('aborting destroys the socket with an AbortError', async () => {
    const controller = new AbortController();
    const { client, accepted, finish } = await pair(net, { client: { signal: controller.signal } });
    accepted.on('error', () => {}).resume();
    const failed = when(client, 'error');
    controller.abort();
    const [error] = await failed;
    assert.equal(error.name, 'AbortError');
    assert.equal(error.code, 'ABORT_ERR');
    assert.equal(client.destroyed, true);
    await closed(client);
    await finish();
  });

  it('aborting after close has no effect', async () => {
    const controller = new AbortController();
    const { client, finish } = await pair(net, { client: { signal: controller.signal } });
    await finish();
    let errors = 0;
    client.on('error', () => errors++);
    controller.abort();
    await turn();
    assert.equal(errors, 0);
  });
});

differential('signal of a socket', ({ same }) => {
  for (const reason of [undefined, 'a text', new Error('why')]) {
    for (const stage of ['connecting', 'lookup', 'connected']) {
      same(`aborted ${stage}, reason ${reason}`, async (net, trace) => {
        const server = await listening(net, {}, (s) => s.on('error', () => {}).resume());
        trace.alias(server.address().port, 'port');
        const controller = new AbortController();
        let answer;
        const client = noteClose(
          net.connect({
            port: server.address().port,
            host: stage === 'lookup' ? 'x.invalid' : '127.0.0.1',
            signal: controller.signal,
            lookup: (host, options, callback) => {
              answer = () =>
                callback(null, [
                  { address: '127.0.0.1', family: 4 },
                  { address: '127.0.0.2', family: 4 },
                ]);
            },
          }),
        );
        trace.watch('C', client, EVENTS);
        if (stage === 'connected') await when(client, 'connect');
        if (stage === 'lookup') await turn();
        controller.abort(reason);
        trace.push('aborted', client.destroyed, client.connecting);
        await closed(client);
        answer?.();
        await turn();
        await close(server);
      });
    }
  }

  same('given to the constructor', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.on('error', () => {}).resume());
    trace.alias(server.address().port, 'port');
    const controller = new AbortController();
    const client = noteClose(trace.watch('C', new net.Socket({ signal: controller.signal }), EVENTS));
    client.connect(server.address().port, '127.0.0.1');
    await when(client, 'connect');
    controller.abort();
    await closed(client);
    await close(server);
  });

  same('aborted before: the error and the close that come first', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.on('error', () => {}).resume());
    for (const make of [
      (where, signal) => net.connect({ ...where, signal }),
      (where, signal) => new net.Socket({ signal }).connect(where),
    ]) {
      const client = make({ port: server.address().port, host: '127.0.0.1' }, AbortSignal.abort('early'));
      const events = [];
      for (const event of ['error', 'close']) client.on(event, (...args) => events.push([event, ...args]));
      trace.push('made', client.destroyed, client.connecting);
      await when(client, 'close');
      trace.push('events', events);
      // node:net goes on connecting a socket that it has reported closed, so it is destroyed once more.
      client.destroy();
      await turn();
    }
    await close(server);
  });

  same('a signal that never aborts leaves the socket alone', async (net, trace) => {
    const { signal } = new AbortController();
    const { client, accepted, finish } = await pair(net, { client: { signal } });
    trace.watch('C', client, EVENTS);
    accepted.end('x');
    client.resume();
    await closed(client);
    await finish();
  });
});
