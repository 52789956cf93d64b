'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, listening, close, closed, noteClose, freePort, turn } = require('../support/sockets.js');

const EVENTS = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connect',
  'ready',
  'end',
  'error',
  'close',
];
const windows = process.platform === 'win32';

contract('connect errors', ({ net, it }) => {
  it('a refused connection names code, syscall, address and port', async () => {
    const port = await freePort(net);
    const socket = noteClose(net.connect(port, '127.0.0.1'));
    const [error] = await when(socket, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
    assert.equal(error.syscall, 'connect');
    assert.equal(error.address, '127.0.0.1');
    assert.equal(error.port, port);
    assert.equal(error.message, `connect ECONNREFUSED 127.0.0.1:${port}`);
    assert.equal(typeof error.errno, 'number');
    await closed(socket);
  });

  it("'close' reports that there was an error, and comes after it", async () => {
    const port = await freePort(net);
    const socket = net.connect(port, '127.0.0.1');
    const events = [];
    socket.on('error', () => events.push('error'));
    const done = when(socket, 'close');
    socket.on('close', (hadError) => events.push(`close ${hadError}`));
    await done;
    assert.deepEqual(events, ['error', 'close true']);
  });
});

differential('connect errors', ({ same }) => {
  same('refused: events, arguments, fields', async (net, trace) => {
    const port = await freePort(net);
    trace.alias(port, 'port');
    const socket = trace.watch(
      'C',
      net.connect(port, '127.0.0.1', () => trace.push('never')),
      EVENTS,
    );
    await when(socket, 'close');
    trace.push(
      'after',
      socket.destroyed,
      socket.errored,
      socket.connecting,
      socket.readyState,
      socket.bytesWritten,
    );
  });

  same('refused over IPv6', async (net, trace) => {
    const port = await freePort(net);
    trace.alias(port, 'port');
    const socket = trace.watch('C', net.connect(port, '::1'), EVENTS);
    await when(socket, 'close');
  });

  same('refused with a local address and port', async (net, trace) => {
    const port = await freePort(net);
    const localPort = await freePort(net);
    trace.alias(port, 'port').alias(localPort, 'local');
    const socket = net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1', localPort });
    trace.watch('C', socket, EVENTS);
    await when(socket, 'close');
  });

  same('refused: pending writes and end are called back', async (net, trace) => {
    const port = await freePort(net);
    trace.alias(port, 'port');
    const socket = trace.watch('C', net.connect(port, '127.0.0.1'), [...EVENTS, 'finish', 'drain']);
    socket.write('a', (error) => trace.push('write a', error));
    socket.write('b', (error) => trace.push('write b', error));
    socket.end('c', (error) => trace.push('end', error));
    await when(socket, 'close');
    await turn();
    trace.push('after', socket.bytesWritten, socket.writableLength, socket.writableFinished);
  });

  same('a local address that this machine does not have', async (net, trace) => {
    const server = await listening(net);
    trace.alias(server.address().port, 'port');
    const socket = net.connect({ port: server.address().port, host: '127.0.0.1', localAddress: '192.0.2.1' });
    trace.watch('C', socket, EVENTS);
    await when(socket, 'close');
    await close(server);
  });

  same('a local port that is taken', async (net, trace) => {
    const server = await listening(net);
    const { port } = server.address();
    trace.alias(port, 'port');
    const socket = net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1', localPort: port });
    trace.watch('C', socket, EVENTS);
    await when(socket, 'close');
    await close(server);
  });

  same('a local address of the other family', async (net, trace) => {
    const server = await listening(net);
    trace.alias(server.address().port, 'port');
    const socket = net.connect({ port: server.address().port, host: '127.0.0.1', localAddress: '::1' });
    trace.watch('C', socket, EVENTS);
    await when(socket, 'close');
    await close(server);
  });

  same('connecting to port 0', async (net, trace) => {
    const socket = trace.watch('C', net.connect(0, '127.0.0.1'), EVENTS);
    await when(socket, 'close');
  });

  if (!windows) {
    // On Windows this takes the system's whole connection timeout.
    same('an address without a route', async (net, trace) => {
      const socket = trace.watch('C', net.connect(9, '255.255.255.255'), EVENTS);
      await when(socket, 'close');
    });
  }

  same('destroy with an error while connecting', async (net, trace) => {
    const server = await listening(net);
    const socket = net.connect(server.address().port, '127.0.0.1');
    trace.watch('C', socket, ['error', 'close', 'connect']);
    socket.destroy(new Error('changed my mind'));
    await when(socket, 'close');
    trace.push('after', socket.errored, socket._hadError);
    await close(server);
  });

  same("connecting inside the 'error' handler of a refused socket", async (net, trace) => {
    const port = await freePort(net);
    const server = await listening(net, {}, (s) => s.end());
    trace.alias(port, 'refused').alias(server.address().port, 'good');
    const socket = noteClose(net.connect(port, '127.0.0.1'));
    trace.watch('C', socket, EVENTS);
    await closed(socket);
    const again = when(socket, 'close');
    socket.connect(server.address().port, '127.0.0.1');
    socket.resume();
    await again;
    await close(server);
  });
});
