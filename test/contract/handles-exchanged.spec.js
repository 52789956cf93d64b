'use strict';

// Sockets that exchange their handles, connect anew meanwhile, or leave the port: whose callbacks are called.

const { differential } = require('../support/contract.js');
const { when, listening, close, closed, noteClose, pair, turns } = require('../support/sockets.js');

const WAIT_TURNS = 20;

/** A server that collects what each connection sends until its end. */
async function collecting(net) {
  const texts = [];
  const sockets = new Set();
  const server = await listening(net, { allowHalfOpen: true }, (socket) => {
    let text = '';
    sockets.add(noteClose(socket).on('error', () => {}));
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    socket.on('end', () => texts.push(text));
  });
  const finish = async (...clients) => {
    for (const socket of [...clients, ...sockets]) socket.destroy();
    await Promise.all([...sockets].map(closed));
    await close(server);
  };
  const target = { port: server.address().port, host: '127.0.0.1', allowHalfOpen: true };
  return { texts, target, finish };
}

async function received(texts, count) {
  while (texts.length < count) await turns(1);
  return texts;
}

differential('handles that are exchanged', ({ same }) => {
  same('end() of the one that has the other handle, after the other connected anew', async (net, trace) => {
    const { texts, target, finish } = await collecting(net);
    const first = net.connect(target);
    await when(first, 'connect');
    const second = new net.Socket({ allowHalfOpen: true });
    const { _handle: handle } = first;
    second._handle = handle;
    first._handle = null;
    first.connect(target);
    await when(first, 'connect');
    second.end('from the second', () => trace.push('callback of the second'));
    await when(second, 'finish');
    await received(texts, 1);
    first.end('from the first', () => trace.push('callback of the first'));
    await when(first, 'finish');
    trace.push('texts', await received(texts, 2));
    handle.close();
    first.destroy();
    await finish();
  });

  same('end() of two that have each other’s', async (net, trace) => {
    const { texts, target, finish } = await collecting(net);
    const [first, second] = [net.connect(target), net.connect(target)];
    await Promise.all([when(first, 'connect'), when(second, 'connect')]);
    const { _handle: handle } = first;
    first._handle = second._handle;
    second._handle = handle;
    for (const [name, socket] of Object.entries({ second, first })) {
      socket.on('finish', () => trace.push(`${name} has finished`));
      socket.end(`from the ${name}`);
      await turns(WAIT_TURNS);
    }
    trace.push('texts', await received(texts, 2), first.writableFinished, second.writableFinished);
    await finish(first, second);
  });

  same('a handle whose socket has got one of libuv’s before it was connected', async (net, trace) => {
    const { target, finish } = await collecting(net);
    const socket = new net.Socket();
    socket.on('error', () => {});
    socket.connect({ ...target, host: 'localhost' });
    const { _handle: handle } = socket;
    const { TCP } = process.binding('tcp_wrap');
    socket._handle = new TCP(0);
    trace.call('reading', () => handle.reading);
    trace.call('bytes', () => [handle.bytesRead, handle.bytesWritten]);
    trace.call('as JSON', () => JSON.parse(JSON.stringify(handle)).reading);
    handle.close();
    socket.destroy();
    await finish();
  });

  same('a connect() in an error that keeps the handle is let go of with it', async (net, trace) => {
    const { client, port, server, finish } = await pair(net);
    const again = when(server, 'connection');
    let handle;
    trace.watch('C', client, ['connect', 'error', 'close']);
    client.once('error', () => {
      handle = client.connect(port, '127.0.0.1')._handle;
    });
    client._closeAfterHandlingError = true;
    client.destroy(new Error('enough'));
    await when(client, 'close');
    await turns(WAIT_TURNS);
    trace.push('state', client._handle, client.readyState);
    handle.close(); // nobody else has it any more
    const [left] = await again;
    left.on('error', () => {}).destroy();
    await finish();
  });
});
