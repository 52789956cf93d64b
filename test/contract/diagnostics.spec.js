'use strict';

const assert = require('node:assert/strict');
const dc = require('node:diagnostics_channel');
const { contract, differential } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const { when, listening, close, nodeMajor } = require('../support/sockets.js');

/** Runs fn and returns what was published on the channel meanwhile. */
async function published(name, fn) {
  const messages = [];
  const listener = (message) => messages.push(message);
  dc.subscribe(name, listener);
  try {
    await fn(messages);
  } finally {
    dc.unsubscribe(name, listener);
  }
  return messages;
}

contract('diagnostics channel net.client.socket', ({ net, it }) => {
  it('names the socket that connects, at once', async () => {
    const server = await listening(net, {}, (s) => s.end());
    let client;
    const messages = await published('net.client.socket', async (soFar) => {
      client = net.connect(server.address().port, '127.0.0.1');
      assert.equal(soFar.length, 1);
      client.resume();
      await when(client, 'close');
    });
    assert.deepEqual(
      messages.map(({ socket }) => socket === client),
      [true],
    );
    assert.deepEqual(Object.keys(messages[0]), ['socket']);
    await close(server);
  });

  it('is used by Socket#connect from Node 22 on', async () => {
    const server = await listening(net, {}, (s) => s.end());
    const messages = await published('net.client.socket', async () => {
      const client = new net.Socket();
      client.connect(server.address().port, '127.0.0.1').resume();
      await when(client, 'close');
    });
    assert.equal(messages.length, nodeMajor >= 22 ? 1 : 0);
    await close(server);
  });
});

contract(
  'diagnostics channel net.client.socket, with an observer of performance entries',
  ({ it, transport }) => {
    it('names each socket once', async () => {
      const { code, stderr, reports } = await inChild(transport, (net, report) => {
        const { subscribe } = require('node:diagnostics_channel');
        const { PerformanceObserver } = require('node:perf_hooks');
        const sockets = [];
        subscribe('net.client.socket', ({ socket }) => sockets.push(socket));
        const entries = [];
        const observer = new PerformanceObserver((list) => entries.push(...list.getEntries()));
        observer.observe({ type: 'net' });
        const server = net
          .createServer((socket) => socket.end())
          .listen(0, '127.0.0.1', () => {
            const client = net.connect(server.address().port, '127.0.0.1');
            client.resume().on('close', () => {
              server.close();
              setImmediate(() =>
                report([sockets.length, sockets[0] === client, entries.map(({ name }) => name)]),
              );
            });
          });
      });
      assert.equal(code, 0, stderr);
      assert.deepEqual(reports, [[1, true, ['connect']]]);
    });
  },
  { traffic: false },
);

differential('diagnostics channel net.client.socket', ({ same }) => {
  same('state of the socket when it is published, and when arguments are refused', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end());
    const listener = ({ socket }) =>
      trace.push(
        'published',
        socket.connecting,
        socket.readyState,
        socket.pending,
        socket.listenerCount('connect'),
      );
    dc.subscribe('net.client.socket', listener);
    const client = net.connect(server.address().port, '127.0.0.1', () => {});
    client.resume();
    await when(client, 'close');
    const again = when(client, 'close');
    client.connect(server.address().port, '127.0.0.1').resume();
    await again;
    trace.call('no port', () => net.connect({}));
    dc.unsubscribe('net.client.socket', listener);
    await close(server);
  });
});
