'use strict';

// What single calls answer where their arguments or the moment are odd.

const { differential } = require('../support/contract.js');
const { listening, close, closed, within } = require('../support/sockets.js');

const TIMEOUT_MS = 20;

differential('odd arguments and moments', ({ same }) => {
  same('setTimeout() with a callback that is none: it throws, and the timer runs', async (net, trace) => {
    const socket = new net.Socket();
    try {
      socket.setTimeout(TIMEOUT_MS, 'no function');
    } catch ({ code }) {
      trace.push(code);
    }
    await within(new Promise((resolve) => socket.once('timeout', resolve)), 'the timeout');
    socket.destroy();
  });

  same('_onTimeout that is replaced after setTimeout()', async (net, trace) => {
    const socket = new net.Socket();
    await within(
      new Promise((resolve) => {
        socket.setTimeout(TIMEOUT_MS);
        socket._onTimeout = () => resolve(trace.push('replaced'));
        socket.on('timeout', () => resolve(trace.push('timeout')));
      }),
      'either',
    );
    socket.destroy();
  });

  for (const localPort of [65_536, 70_000, 20_001.5]) {
    same(`localPort ${localPort}`, async (net, trace) => {
      const server = await listening(net, {}, (socket) => socket.end());
      const { port } = server.address();
      const client = net.connect({ port, host: '127.0.0.1', localPort });
      client.on('error', ({ code, syscall }) => trace.push(code, syscall));
      await closed(client.resume());
      await close(server);
    });
  }

  for (const [address, family] of [
    ['127.0.0.1', 6],
    ['::1', 4],
  ]) {
    same(`a lookup that takes ${address} for IPv${family}`, async (net, trace) => {
      const lookup = (_host, _options, found) => found(null, address, family);
      const client = net.connect({ port: 1, host: 'name', family: 4, lookup });
      client.on('error', ({ message }) => trace.push(message));
      await closed(client);
    });
  }

  same(
    'getTypeOfService() of a socket that connects, and of one whose value the system has cut',
    async (net, trace) => {
      const asked = (socket) => {
        try {
          return socket.getTypeOfService?.();
        } catch ({ code, syscall }) {
          return `${code} ${syscall}`;
        }
      };
      const server = await listening(net, {}, (socket) => socket.end());
      const client = net.connect(server.address().port, '127.0.0.1');
      trace.push(asked(client));
      client.once('connect', () => {
        client.setTypeOfService?.(252);
        trace.push(asked(client));
        client.resume();
      });
      await closed(client);
      await close(server);
    },
  );
});
