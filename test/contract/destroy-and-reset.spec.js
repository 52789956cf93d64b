'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const {
  when,
  pair,
  listening,
  close,
  closed,
  noteClose,
  collect,
  turn,
  turns,
} = require('../support/sockets.js');

const EVENTS = ['data', 'end', 'prefinish', 'finish', 'drain', 'error', 'close'];

contract('destroy and reset', ({ net, it }) => {
  it("emits 'close' once, later, with whether there was an error", async () => {
    for (const error of [undefined, null, new Error('mine')]) {
      const { client, accepted, finish } = await pair(net);
      accepted.on('error', () => {}).resume();
      const events = [];
      client.on('error', (seen) => events.push(seen));
      client.on('close', (hadError) => events.push(hadError));
      client.destroy(error);
      client.destroy(new Error('not reported'));
      assert.deepEqual(events, []);
      assert.equal(client.destroyed, true);
      await closed(client);
      await turns(3);
      assert.deepEqual(events, error ? [error, true] : [false]);
      await finish();
    }
  });

  it('resetAndDestroy lets the peer see ECONNRESET', async () => {
    for (const side of ['client', 'accepted']) {
      const ends = await pair(net);
      const other = side === 'client' ? ends.accepted : ends.client;
      other.resume();
      const failed = when(other, 'error');
      ends[side].resetAndDestroy();
      const [error] = await failed;
      assert.equal(error.code, 'ECONNRESET');
      assert.equal(error.syscall, 'read');
      await ends.finish();
    }
  });

  it('a destroyed socket delivers nothing more', async () => {
    const { client, accepted, finish } = await pair(net);
    const late = [];
    client.once('data', () => {
      client.destroy();
      for (const event of ['data', 'end', 'readable', 'drain', 'finish', 'timeout'])
        client.on(event, () => late.push(event));
    });
    accepted.on('error', () => {});
    for (let i = 0; i < 50; i++) accepted.write(Buffer.alloc(20_000));
    await closed(client);
    await turns(5);
    assert.deepEqual(late, []);
    await finish();
  });

  it('many sockets destroyed in one turn all close', async () => {
    const server = await listening(net, {}, (s) => s.on('error', () => {}).resume());
    const { port } = server.address();
    const clients = Array.from({ length: 50 }, () => noteClose(net.connect(port, '127.0.0.1')));
    await Promise.all(clients.map((client) => when(client, 'connect')));
    for (const [index, client] of clients.entries()) {
      client.on('error', () => {}).write('x'.repeat(index * 100));
      if (index % 3 === 0) client.resetAndDestroy();
      else if (index % 3 === 1) client.destroy();
      else client.destroySoon();
    }
    await Promise.all(clients.map((client) => closed(client)));
    await close(server);
  });

  it('destroySoon sends what was written before', async () => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    client.write(Buffer.alloc(2_000_000, 'd'));
    client.destroySoon();
    assert.equal((await received).length, 2_000_000);
    await closed(client);
    await finish();
  });
});

differential('destroy and reset', ({ same }) => {
  for (const [name, act] of Object.entries({
    destroy: (socket) => socket.destroy(),
    'destroy with an error': (socket) => socket.destroy(new Error('mine')),
    destroySoon: (socket) => socket.destroySoon(),
    resetAndDestroy: (socket) => socket.resetAndDestroy(),
    'end, then destroy': (socket) => socket.end('x').destroy(),
    'write, then destroy': (socket) => {
      socket.write('x');
      socket.destroy();
    },
    'end, then destroySoon': (socket) => {
      socket.end('x');
      socket.destroySoon();
    },
    'reset, then destroy with an error': (socket) => socket.resetAndDestroy().destroy(new Error('late')),
    'destroy, then reset': (socket) => socket.destroy().resetAndDestroy(),
  })) {
    for (const side of ['client', 'accepted']) {
      same(`${name} on ${side}: events of both`, async (net, trace) => {
        const ends = await pair(net);
        trace.alias(ends.port, 'server').alias(ends.client.localPort, 'client');
        trace.watch('C', ends.client, EVENTS);
        trace.watch('s', ends.accepted, EVENTS);
        const label = side === 'client' ? 'C' : 's';
        trace.call(`${label}.call`, () => act(ends[side]) === ends[side]);
        const { destroyed, readyState, pending, bytesWritten, localPort } = ends[side];
        trace.push(`${label}.at once`, { destroyed, readyState, pending, bytesWritten, localPort });
        await Promise.all([closed(ends.client), closed(ends.accepted)]);
        await turn();
        await ends.finish();
        return trace.lanes();
      });
    }
  }

  same('the peer is gone: write fails in the end', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const codes = new Set();
    accepted.on('error', (error) => codes.add(error.code));
    accepted.on('close', (hadError) => trace.push('close', hadError));
    client.resetAndDestroy();
    await closed(client);
    while (!accepted.destroyed) {
      accepted.write('x');
      await turn();
    }
    await closed(accepted);
    // Whether the read or the write notices first is up to the system.
    trace.push(
      'known code',
      [...codes].every((code) => ['ECONNRESET', 'EPIPE', 'ECONNABORTED'].includes(code)),
      codes.size,
    );
    await finish();
  });

  same('a reset that arrives with data unread', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    client.write('unread');
    await turns(5);
    trace.watch('s', accepted, ['error', 'end', 'close']);
    client.resetAndDestroy();
    await closed(client);
    accepted.resume();
    await closed(accepted);
    await finish();
  });

  same('destroy in handlers', async (net, trace) => {
    for (const event of ['connect', 'ready', 'data', 'end', 'finish', 'drain', 'timeout']) {
      const server = await listening(net, {}, (s) => {
        s.on('error', () => {});
        s.resume();
        // An end would race the timeout.
        if (event === 'timeout') s.write('data');
        else s.end('data');
      });
      const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
      trace.watch(`C-${event}`, client, ['connect', 'ready', 'end', 'finish', 'error', 'close']);
      client.on('data', () => {});
      client.on(event, () => {
        trace.push(`C-${event} destroys`);
        client.destroy();
      });
      client.once('connect', () => {
        if (event === 'drain') client.write(Buffer.alloc(200_000));
        if (event === 'finish') client.end();
        if (event === 'timeout') client.setTimeout(1);
      });
      await closed(client);
      await turn();
      await close(server);
    }
    return trace.lanes();
  });

  same('an error thrown at the stream by push after end', async (net, trace) => {
    const { client, finish } = await pair(net);
    trace.watch('C', client, ['error', 'end', 'close']);
    client.push(null);
    trace.call('push', () => client.push('more'));
    client.resume();
    await closed(client);
    await finish();
  });

  same('Symbol.asyncDispose of a socket', async (net, trace) => {
    const { client, finish } = await pair(net);
    trace.watch('C', client, ['error', 'close']);
    const done = client[Symbol.asyncDispose]();
    trace.push('destroyed', client.destroyed);
    trace.push(
      'result',
      await done.then(
        () => 'resolved',
        (error) => error,
      ),
    );
    await closed(client);
    await finish();
  });
});
