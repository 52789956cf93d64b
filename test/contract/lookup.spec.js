'use strict';

const assert = require('node:assert/strict');
const dns = require('node:dns');
const { contract, differential } = require('../support/contract.js');
const { when, listening, close, noteClose, closed, turn } = require('../support/sockets.js');

const EVENTS = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connect',
  'ready',
  'error',
  'close',
];

contract(
  'lookup',
  ({ net, it }) => {
    it('is asked for the host, and its answer is used', async () => {
      const server = await listening(net, {}, (s) => s.end());
      const asked = [];
      const socket = net.connect({
        port: server.address().port,
        host: 'example.invalid',
        family: 4,
        lookup: (host, options, callback) => {
          asked.push(host);
          setImmediate(callback, null, '127.0.0.1', 4);
        },
      });
      socket.resume();
      await when(socket, 'close');
      assert.deepEqual(asked, ['example.invalid']);
      assert.equal(socket._host, 'example.invalid');
      await close(server);
    });

    it('destroy during the lookup drops its answer', async () => {
      let answer;
      const socket = net.connect({
        port: 1,
        host: 'x.invalid',
        lookup: (host, options, callback) => (answer = callback),
      });
      const attempts = [];
      socket.on('connectionAttempt', () => attempts.push(1));
      socket.destroy();
      await when(socket, 'close');
      answer(null, [{ address: '127.0.0.1', family: 4 }]);
      await turn();
      assert.deepEqual(attempts, []);
    });
  },
  { traffic: true },
);

differential('lookup', ({ same }) => {
  for (const [name, options] of Object.entries({
    'family 4': { family: 4 },
    "family 'IPv4'": { family: 'IPv4' },
    "family 'IPv6'": { family: 'IPv6' },
    'family 0': { family: 0 },
    hints: { hints: dns.V4MAPPED },
    none: {},
    'autoSelectFamily off': { autoSelectFamily: false },
    'localAddress given': { localAddress: '127.0.0.1' },
  })) {
    same(`what the lookup function is given: ${name}`, async (net, trace) => {
      const socket = net.connect({
        port: 9,
        host: 'x.invalid',
        ...options,
        lookup: function lookup(...args) {
          trace.push(
            'lookup',
            this === undefined || this === globalThis,
            args.length,
            args[0],
            args[1],
            typeof args[2],
          );
          const error = Object.assign(new Error('queryX'), { code: 'EX' });
          setImmediate(args[2], error);
        },
      });
      trace.watch('C', socket, EVENTS);
      await when(socket, 'close');
    });
  }

  const answers = {
    'an error': (callback) => callback(new Error('no such')),
    'an address that is none': (callback) => callback(null, 'hello', 4),
    'no address': (callback) => callback(null, undefined, undefined),
    'a family that is none': (callback) => callback(null, '127.0.0.1', 100),
    'a family as text': (callback) => callback(null, '127.0.0.1', 'IPv4'),
    'an address that is no text': (callback) => callback(null, { address: '1.2.3.4' }, 4),
  };
  for (const [name, answer] of Object.entries(answers)) {
    for (const [when_, run] of [
      ['at once', (fn) => fn()],
      ['later', (fn) => setImmediate(fn)],
    ]) {
      same(`the answer, ${when_}, is ${name}`, async (net, trace) => {
        const socket = net.connect({
          port: 9,
          host: 'x.invalid',
          family: 4,
          lookup: (host, options, callback) => run(() => answer(callback)),
        });
        trace.watch('C', socket, EVENTS);
        await when(socket, 'close');
      });
    }
  }

  const lists = {
    'an error': [new Error('no such')],
    'one address that is none': [null, [{ address: 'hello', family: 4 }]],
    'one family that is none': [null, [{ address: '127.0.0.1', family: 9 }]],
    'one good after bad ones': [
      null,
      [
        { address: 'x', family: 4 },
        { address: '1.1.1.1', family: 3 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
    'the same address twice': [
      null,
      [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
  };
  for (const [name, answer] of Object.entries(lists)) {
    same(`the list of answers holds ${name}`, async (net, trace) => {
      const server = await listening(net, {}, (s) => s.end());
      trace.alias(server.address().port, 'port');
      const socket = net.connect({
        port: server.address().port,
        host: 'x.invalid',
        autoSelectFamily: true,
        lookup: (host, options, callback) => setImmediate(callback, ...answer),
      });
      trace.watch('C', socket, EVENTS);
      socket.resume();
      await when(socket, 'close');
      trace.push('attempted', socket.autoSelectFamilyAttemptedAddresses);
      await close(server);
    });
  }

  same('a host that does not exist', async (net, trace) => {
    const socket = net.connect({ port: 80, host: 'does-not-exist.invalid' });
    trace.watch('C', socket, EVENTS);
    await when(socket, 'close');
    trace.push('after', socket.destroyed, socket.connecting, socket._hadError);
  });

  same('destroy inside the lookup event', async (net, trace) => {
    for (const autoSelectFamily of [true, false]) {
      const socket = net.connect({
        port: 9,
        host: 'x.invalid',
        autoSelectFamily,
        lookup: (host, options, callback) =>
          setImmediate(callback, null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4),
      });
      trace.watch('C', socket, EVENTS);
      socket.on('lookup', () => socket.destroy());
      await when(socket, 'close');
    }
  });

  same('a lookup function that throws', async (net, trace) => {
    const socket = noteClose(new net.Socket());
    trace.call('connect', () =>
      socket.connect({
        port: 9,
        host: 'x.invalid',
        lookup: () => {
          throw new Error('thrown by lookup');
        },
      }),
    );
    trace.push('state', socket.connecting, socket.destroyed);
    socket.destroy();
    await closed(socket);
  });
});
