'use strict';

const { differential } = require('../support/contract.js');
const { when, listening, close, closed, noteClose, nodeMajor } = require('../support/sockets.js');

const EVENTS = ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connect', 'error', 'close'];

if (nodeMajor >= 22) {
  differential('blockList of a socket', ({ same }) => {
    const connecting = async (net, trace, blocked, options) => {
      const server = await listening(net, {}, (s) => s.end());
      trace.alias(server.address().port, 'port');
      const blockList = new net.BlockList();
      for (const [address, family] of blocked) blockList.addAddress(address, family);
      const client = noteClose(net.connect({ port: server.address().port, blockList, ...options }));
      trace.watch('C', client, EVENTS);
      trace.push('field', client.blockList === blockList);
      client.resume();
      await closed(client);
      await close(server);
    };
    const list =
      (...addresses) =>
      (host, options, callback) =>
        setImmediate(
          callback,
          null,
          options.all ? addresses.map((address) => ({ address, family: 4 })) : addresses[0],
          4,
        );

    same('an address that is blocked', (net, trace) =>
      connecting(net, trace, [['127.0.0.1', 'ipv4']], { host: '127.0.0.1' }).then(() => trace),
    );

    same('an address that is not', (net, trace) =>
      connecting(net, trace, [['127.0.0.2', 'ipv4']], { host: '127.0.0.1' }).then(() => trace),
    );

    same('the first of two is blocked', (net, trace) =>
      connecting(net, trace, [['127.0.0.2', 'ipv4']], {
        host: 'x.invalid',
        autoSelectFamily: true,
        lookup: list('127.0.0.2', '127.0.0.1'),
      }).then(() => trace),
    );

    same('all are blocked', (net, trace) =>
      connecting(
        net,
        trace,
        [
          ['127.0.0.2', 'ipv4'],
          ['127.0.0.1', 'ipv4'],
        ],
        {
          host: 'x.invalid',
          autoSelectFamily: true,
          lookup: list('127.0.0.2', '127.0.0.1'),
        },
      ).then(() => trace),
    );

    same('the answer of a lookup is blocked', (net, trace) =>
      connecting(net, trace, [['127.0.0.1', 'ipv4']], {
        host: 'x.invalid',
        autoSelectFamily: false,
        lookup: list('127.0.0.1'),
      }).then(() => trace),
    );

    same('a list of the built-in module is one', async (net, trace) => {
      const blockList = new (require('node:net').BlockList)();
      blockList.addSubnet('127.0.0.0', 8, 'ipv4');
      const client = net.connect({ port: 9, host: '127.0.0.1', blockList });
      trace.watch('C', client, EVENTS);
      await when(client, 'close');
    });
  });
}
