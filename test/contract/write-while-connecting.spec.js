'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, listening, close, closed, noteClose, collect, turn } = require('../support/sockets.js');

const EVENTS = ['connect', 'ready', 'drain', 'prefinish', 'finish', 'end', 'error', 'close'];

contract('while connecting', ({ net, it }) => {
  it('what is written is held, counted, and sent first', async () => {
    let received;
    const server = await listening(net, {}, (s) => (received = collect(s).finally(() => s.end())));
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    client.write('héllo ');
    client.write(Buffer.from('wörld '));
    assert.equal(client.bytesWritten, 14);
    client.cork();
    client.write('and ');
    client.write('more');
    client.uncork();
    assert.equal(client.bytesWritten, 22);
    await when(client, 'connect');
    client.end('!');
    client.resume();
    await closed(client);
    assert.equal((await received).toString(), 'héllo wörld and more!');
    assert.equal(client.bytesWritten, 23);
    await close(server);
  });

  it('a large write waits too', async () => {
    let received;
    const server = await listening(net, {}, (s) => (received = collect(s).finally(() => s.end())));
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    assert.equal(client.write(Buffer.alloc(3_000_000, 'q')), false);
    assert.equal(client.bytesWritten, 3_000_000);
    client.end();
    client.resume();
    await closed(client);
    const all = await received;
    assert.equal(all.length, 3_000_000);
    assert.ok(all.every((byte) => byte === 113));
    await close(server);
  });
});

differential('while connecting', ({ same }) => {
  same('write, end and their callbacks', async (net, trace) => {
    let received;
    const server = await listening(net, {}, (s) => (received = collect(s).finally(() => s.end())));
    const client = noteClose(trace.watch('C', net.connect(server.address().port, '127.0.0.1'), EVENTS));
    for (const [chunk, encoding] of [['one', 'utf8'], ['ff00', 'hex'], [Buffer.from('two')]]) {
      trace.push(
        'write',
        client.write(chunk, encoding, (error) => trace.push('written', error)),
      );
      trace.push(
        'pending',
        client.bytesWritten,
        client.writableLength,
        client.bufferSize,
        client._pendingEncoding,
      );
      trace.push('data', client._pendingData);
    }
    client.end('three', (error) => trace.push('ended', error));
    trace.push(
      'state',
      client.bytesWritten,
      client.writableEnded,
      client.writableFinished,
      client.readyState,
      client.pending,
    );
    client.resume();
    await closed(client);
    trace.push('received', await received, client.bytesWritten);
    await close(server);
  });

  same('a corked batch', async (net, trace) => {
    let received;
    const server = await listening(net, {}, (s) => (received = collect(s).finally(() => s.end())));
    const client = noteClose(trace.watch('C', net.connect(server.address().port, '127.0.0.1'), EVENTS));
    client.cork();
    client.write('é');
    client.write(Buffer.from('bc'));
    client.write('ff', 'hex');
    client.uncork();
    trace.push('bytesWritten', client.bytesWritten);
    client.end();
    client.resume();
    await closed(client);
    trace.push('received', await received, client.bytesWritten);
    await close(server);
  });

  same('only end', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.resume());
    const client = noteClose(trace.watch('C', net.connect(server.address().port, '127.0.0.1'), EVENTS));
    trace.push(
      'end',
      client.end((error) => trace.push('ended', error)) === client,
      client.readyState,
      client.writable,
    );
    client.resume();
    await closed(client);
    await close(server);
  });

  same('destroy with pending writes', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.resume());
    const client = noteClose(trace.watch('C', net.connect(server.address().port, '127.0.0.1'), EVENTS));
    client.write('a', (error) => trace.push('write a', error));
    client.write('b', (error) => trace.push('write b', error));
    client.end('c', (error) => trace.push('end', error));
    client.destroy();
    trace.push('state', client.bytesWritten, client.connecting, client.readyState);
    await closed(client);
    await turn();
    trace.push('after', client.bytesWritten, client.writableLength);
    await close(server);
  });

  same('destroySoon', async (net, trace) => {
    let received;
    const server = await listening(net, {}, (s) => (received = collect(s)));
    const client = noteClose(trace.watch('C', net.connect(server.address().port, '127.0.0.1'), EVENTS));
    client.write('kept');
    client.destroySoon();
    trace.push('state', client.destroyed, client.writableEnded);
    await closed(client);
    trace.push('received', await received);
    await close(server);
  });

  same('resetAndDestroy: it connects, then the peer sees a reset', async (net, trace) => {
    const server = await listening(net);
    const arrives = when(server, 'connection');
    const client = noteClose(trace.watch('C', net.connect(server.address().port, '127.0.0.1'), EVENTS));
    trace.call('C.resetAndDestroy', () => client.resetAndDestroy() === client);
    trace.push('C.state', client.destroyed, client.connecting);
    const [accepted] = await arrives;
    noteClose(trace.watch('s', accepted, EVENTS)).resume();
    await Promise.all([closed(client), closed(accepted)]);
    await close(server);
    return trace.lanes();
  });

  same('setters are remembered', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end());
    const client = noteClose(new net.Socket());
    for (const step of ['new', 'connecting']) {
      trace.push(
        step,
        client.setNoDelay(true) === client,
        client.setKeepAlive(true, 5000) === client,
        client.ref() === client,
      );
      if (step === 'new') client.connect(server.address().port, '127.0.0.1');
    }
    client.resume();
    await closed(client);
    await close(server);
  });

  same('pause, resume, read and setEncoding', async (net, trace) => {
    const server = await listening(net, {}, (s) => s.end('c3a9'));
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    trace.push('read', client.read());
    client.setEncoding('latin1');
    client.pause();
    client.resume();
    trace.push('flow', client.isPaused(), client.readableFlowing);
    trace.watch('C', client, ['data', 'end', 'close']);
    await closed(client);
    await close(server);
  });
});
