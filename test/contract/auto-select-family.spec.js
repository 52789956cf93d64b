'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, listening, close, freePort, hasIPv6, noteClose, closed } = require('../support/sockets.js');
const { silentServer } = require('../support/silent-server.js');

const EVENTS = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connectionAttemptTimeout',
  'connect',
  'ready',
  'error',
  'close',
];
const v4 = (address) => ({ address, family: 4 });
const v6 = (address) => ({ address, family: 6 });
const answering =
  (...addresses) =>
  (host, options, callback) =>
    setImmediate(callback, null, addresses);

contract('autoSelectFamily', ({ net, it }) => {
  it('goes on to the next address when one refuses', async function () {
    if (!(await hasIPv6(net))) this.skip(); // there is only one family to try
    const server = await listening(net, {}, (s) => s.end());
    const { port } = server.address();
    const socket = net.connect({
      port,
      host: 'x.invalid',
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 20_000,
      lookup: answering(v6('::1'), v4('127.0.0.1')),
    });
    socket.resume();
    await when(socket, 'close');
    assert.equal(socket.remoteAddress, undefined);
    assert.deepEqual(socket.autoSelectFamilyAttemptedAddresses, [`::1:${port}`, `127.0.0.1:${port}`]);
    await close(server);
  });

  it('gives every failure in one AggregateError', async () => {
    const port = await freePort(net);
    const socket = net.connect({
      port,
      host: 'x.invalid',
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 20_000,
      lookup: answering(v4('127.0.0.1'), v4('127.0.0.2')),
    });
    const [error] = await when(socket, 'error');
    assert.ok(error instanceof AggregateError);
    assert.equal(error.code, 'ECONNREFUSED');
    assert.deepEqual(
      error.errors.map(({ code, address }) => [code, address]),
      [
        ['ECONNREFUSED', '127.0.0.1'],
        ['ECONNREFUSED', '127.0.0.2'],
      ],
    );
    if (!socket.closed) await when(socket, 'close');
  });
});

differential('autoSelectFamily', ({ same }) => {
  const connecting = (net, trace, port, addresses, options = {}) => {
    trace.alias(port, 'port');
    const socket = net.connect({
      port,
      host: 'x.invalid',
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 20_000,
      lookup: answering(...addresses),
      ...options,
    });
    return noteClose(trace.watch('C', socket, EVENTS));
  };

  for (const [name, addresses] of Object.entries({
    'first good': [v4('127.0.0.1'), v4('127.0.0.2')],
    'alternating families, four first': [v4('127.0.0.1'), v4('127.0.0.3'), v6('::1')],
    'alternating families, six first': [v6('::1'), v6('::1'), v4('127.0.0.1'), v4('127.0.0.2')],
    'only the last good': [v4('127.0.0.2'), v4('127.0.0.3'), v4('127.0.0.1')],
  })) {
    same(`events: ${name}`, async (net, trace) => {
      const server = await listening(net, {}, (s) => s.end());
      const socket = connecting(net, trace, server.address().port, addresses);
      socket.once('connect', () => trace.push('to', socket.remoteAddress, socket.remotePort));
      socket.resume();
      await closed(socket);
      trace.push('attempted', socket.autoSelectFamilyAttemptedAddresses);
      await close(server);
    });
  }

  same('all fail: events, AggregateError and its errors', async (net, trace) => {
    const port = await freePort(net);
    const socket = connecting(net, trace, port, [v4('127.0.0.1'), v4('127.0.0.2'), v4('127.0.0.3')]);
    socket.once('error', (error) =>
      trace.push('prototype', error instanceof AggregateError, error.constructor.name),
    );
    await closed(socket);
  });

  same('one address only: a plain error and no list of attempts', async (net, trace) => {
    const port = await freePort(net);
    const socket = connecting(net, trace, port, [v4('127.0.0.1')]);
    await closed(socket);
    trace.push('attempted', socket.autoSelectFamilyAttemptedAddresses);
  });

  same('switched off: the lookup is asked for one', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end());
    const socket = connecting(net, trace, server.address().port, [], {
      autoSelectFamily: false,
      lookup: (host, options, callback) => setImmediate(callback, null, '127.0.0.1', 4),
    });
    socket.resume();
    await closed(socket);
    trace.push('attempted', socket.autoSelectFamilyAttemptedAddresses);
    await close(server);
  });

  same('what was written while trying several arrives once', async (net, trace) => {
    const received = [];
    const server = await listening(net, {}, (s) => {
      s.on('data', (chunk) => received.push(chunk)).on('end', () => s.end());
    });
    const socket = connecting(net, trace, server.address().port, [v4('127.0.0.2'), v4('127.0.0.1')]);
    socket.write('a', () => trace.push('written a'));
    socket.write('b', () => trace.push('written b'));
    // end() before the connection stands is lost by node:net when the first address fails, so it comes after.
    socket.once('connect', () => socket.end('c', () => trace.push('ended')));
    socket.resume();
    await closed(socket);
    trace.push('received', Buffer.concat(received).toString());
    await close(server);
  });

  same('localPort is bound for every attempt', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end());
    const localPort = await freePort(net);
    trace.alias(localPort, 'local');
    const socket = connecting(net, trace, server.address().port, [v4('127.0.0.1'), v4('127.0.0.2')], {
      localPort,
    });
    socket.once('connect', () => trace.push('local', socket.localPort));
    socket.resume();
    await closed(socket);
    await close(server);
  });

  same('localPort that is taken: every attempt fails to bind', async (net, trace) => {
    const server = await listening(net);
    const taken = await listening(net, {}, undefined, { port: 0, host: '0.0.0.0' });
    trace.alias(taken.address().port, 'taken');
    const socket = connecting(net, trace, server.address().port, [v4('127.0.0.1'), v4('127.0.0.2')], {
      localPort: taken.address().port,
    });
    await closed(socket);
    await close(taken);
    await close(server);
  });

  same('destroy when an attempt has failed ends the trying', async (net, trace) => {
    const port = await freePort(net);
    const socket = connecting(net, trace, port, [v4('127.0.0.1'), v4('127.0.0.2'), v4('127.0.0.3')]);
    let seen = 0;
    socket.on('connectionAttemptFailed', () => {
      if (++seen === 2) socket.destroy();
    });
    await closed(socket);
  });

  if (process.platform === 'linux') {
    same('an attempt that is not answered is given up for the next', async (net, trace) => {
      const silent = await silentServer();
      const server = await listening(net, {}, (s) => s.end(), { port: silent.port, host: '127.0.0.2' });
      const socket = connecting(net, trace, silent.port, [v4('127.0.0.1'), v4('127.0.0.2')], {
        autoSelectFamilyAttemptTimeout: 50,
      });
      socket.once('connect', () => trace.push('to', socket.remoteAddress, socket.remotePort));
      socket.resume();
      await closed(socket);
      trace.push('attempted', socket.autoSelectFamilyAttemptedAddresses);
      await close(server);
      await silent.stop();
    });

    same('an attempt that was given up is among the errors', async (net, trace) => {
      const silent = await silentServer();
      const socket = connecting(net, trace, silent.port, [v4('127.0.0.1'), v4('127.0.0.2')], {
        autoSelectFamilyAttemptTimeout: 50,
      });
      await closed(socket);
      await silent.stop();
    });

    same('destroy while an attempt is not answered', async (net, trace) => {
      const silent = await silentServer();
      const socket = connecting(net, trace, silent.port, [v4('127.0.0.1'), v4('127.0.0.2')]);
      await when(socket, 'connectionAttempt');
      socket.destroy();
      await closed(socket);
      trace.push('attempted', socket.autoSelectFamilyAttemptedAddresses);
      await silent.stop();
    });
  }

  same('the defaults are shared with the built-in module', (net, trace) => {
    const builtin = require('node:net');
    const family = builtin.getDefaultAutoSelectFamily();
    const timeout = builtin.getDefaultAutoSelectFamilyAttemptTimeout();
    trace.push('defaults', net.getDefaultAutoSelectFamily(), net.getDefaultAutoSelectFamilyAttemptTimeout());
    try {
      net.setDefaultAutoSelectFamily(false);
      net.setDefaultAutoSelectFamilyAttemptTimeout(3);
      trace.push(
        'set here',
        builtin.getDefaultAutoSelectFamily(),
        builtin.getDefaultAutoSelectFamilyAttemptTimeout(),
      );
      builtin.setDefaultAutoSelectFamily(true);
      builtin.setDefaultAutoSelectFamilyAttemptTimeout(77);
      trace.push(
        'set there',
        net.getDefaultAutoSelectFamily(),
        net.getDefaultAutoSelectFamilyAttemptTimeout(),
      );
      trace.call('bad family', () => net.setDefaultAutoSelectFamily('x'));
      trace.call('bad timeout', () => net.setDefaultAutoSelectFamilyAttemptTimeout(0));
      trace.call('bad timeout', () => net.setDefaultAutoSelectFamilyAttemptTimeout('10'));
    } finally {
      builtin.setDefaultAutoSelectFamily(family);
      builtin.setDefaultAutoSelectFamilyAttemptTimeout(timeout);
    }
  });

  same('a default that was changed is used by the next connect', async (net, trace) => {
    const family = net.getDefaultAutoSelectFamily();
    for (const value of [false, true]) {
      net.setDefaultAutoSelectFamily(value);
      const socket = net.connect({
        port: 9,
        host: 'x.invalid',
        lookup: (host, options, callback) => {
          trace.push('asked', options);
          setImmediate(callback, new Error('none'));
        },
      });
      socket.on('error', () => {});
      await when(socket, 'close');
    }
    net.setDefaultAutoSelectFamily(family);
  });
});
