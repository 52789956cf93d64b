'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, pair, collect, closed, turn, turns } = require('../support/sockets.js');

const EVENTS = ['data', 'end', 'prefinish', 'finish', 'error', 'close'];
const both = { server: { allowHalfOpen: true }, client: { allowHalfOpen: true } };

contract('half-close', ({ net, it }) => {
  it('an ended writer still reads: the answer may be long', async () => {
    const { client, accepted, finish } = await pair(net, { server: { allowHalfOpen: true } });
    const answer = Buffer.alloc(2_000_000, 'r');
    const question = collect(accepted);
    const received = collect(client);
    client.end('question');
    assert.equal((await question).toString(), 'question');
    await turns(3);
    assert.equal(accepted.writable, true);
    assert.equal(accepted.readyState, 'writeOnly');
    accepted.end(answer);
    assert.equal(Buffer.compare(await received, answer), 0);
    await Promise.all([closed(client), closed(accepted)]);
    await finish();
  });

  it('the side that accepted may be the one that ends first', async () => {
    const { client, accepted, finish } = await pair(net, both);
    const received = collect(client);
    accepted.end('greeting');
    assert.equal((await received).toString(), 'greeting');
    await turns(3);
    assert.equal(client.destroyed, false);
    const late = collect(accepted);
    client.write('late ');
    client.end('words');
    assert.equal((await late).toString(), 'late words');
    await Promise.all([closed(client), closed(accepted)]);
    await finish();
  });

  it('without allowHalfOpen the end of the peer ends the own side, after what was written', async () => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(client);
    accepted.once('end', () => assert.equal(accepted.writableEnded, false));
    accepted.on('data', () => accepted.write(Buffer.alloc(500_000, 'w')));
    client.end('x');
    assert.equal((await received).length, 500_000);
    await Promise.all([closed(client), closed(accepted)]);
    assert.equal(accepted.writableFinished, true);
    await finish();
  });

  it('a socket that is never read does not notice the end', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    let ended = false;
    accepted.on('end', () => (ended = true));
    client.end('unread');
    await when(client, 'finish');
    await turns(5);
    assert.equal(ended, false);
    assert.equal(accepted.destroyed, false);
    accepted.resume();
    await closed(accepted);
    assert.equal(ended, true);
    await finish();
  });
});

differential('half-close', ({ same }) => {
  for (const [name, options] of Object.entries({
    'neither side half-open': {},
    'server half-open': { server: { allowHalfOpen: true } },
    'client half-open': { client: { allowHalfOpen: true } },
    'both half-open': both,
  })) {
    for (const first of ['client', 'accepted']) {
      same(`events when ${first} ends first, ${name}`, async (net, trace) => {
        const ends = await pair(net, options);
        trace.watch('C', ends.client, EVENTS);
        trace.watch('s', ends.accepted, EVENTS);
        const one = ends[first];
        const other = first === 'client' ? ends.accepted : ends.client;
        one.end('first', () => trace.push(first === 'client' ? 'C.end callback' : 's.end callback'));
        await when(other, 'end');
        await turns(10);
        // Under Wine the packet that a close waits for can take longer.
        for (const socket of [one, other]) if (socket.destroyed && !socket.closed) await closed(socket);
        for (const [label, socket] of [
          ['C', ends.client],
          ['s', ends.accepted],
        ]) {
          trace.push(`${label}.state`, socket.readyState, socket.writable, socket.readable, socket.destroyed);
        }
        if (!other.writableEnded) other.end('second');
        await Promise.all([closed(one), closed(other)]);
        await ends.finish();
        return trace.lanes();
      });
    }
  }

  same('write after the other side has ended', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.end();
    client.resume();
    trace.watch('C', client, ['end', 'error', 'finish', 'close']);
    client.once('end', () => {
      trace.push('own write', Object.hasOwn(client, 'write'), client.write.name);
      process.nextTick(() => {
        trace.call('write', () => client.write('too late', 'utf8', (error) => trace.push('callback', error)));
        trace.call('write, callback second', () =>
          client.write('too late', (error) => trace.push('callback', error)),
        );
      });
    });
    await closed(client);
    await turn();
    await finish();
  });

  same("write inside the 'end' handler", async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    trace.watch('C', client, ['error', 'finish', 'close']);
    client.resume();
    const received = collect(accepted);
    client.once('end', () => {
      trace.call('write', () => client.write('last words', (error) => trace.push('callback', error)));
      trace.push('state', client.writable, client.writableEnded, client.readyState);
    });
    accepted.end();
    await closed(client);
    trace.push('received', await received);
    await finish();
  });

  same('end twice, and end with every form of arguments', async (net, trace) => {
    for (const args of [[], ['x'], ['ff', 'hex'], [Buffer.from('b')], [undefined], [null]]) {
      const { client, accepted, finish } = await pair(net);
      const received = collect(accepted);
      client.resume();
      trace.watch('C', client, ['error', 'finish', 'close']);
      trace.push('end', client.end(...args, () => trace.push('C.callback')) === client);
      client.end();
      await closed(client);
      trace.push('received', await received);
      await finish();
    }
  });

  same('allowHalfOpen assigned after the connection stands', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.allowHalfOpen = true;
    trace.watch('s', accepted, EVENTS);
    client.resume();
    client.end('bye');
    await when(accepted, 'end');
    await turns(3);
    trace.push('state', accepted.readyState, accepted.writable, accepted.destroyed);
    accepted.end();
    await closed(accepted);
    await finish();
  });

  same('end on both sides at once', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    trace.watch('C', client, EVENTS);
    trace.watch('s', accepted, EVENTS);
    client.end('from client');
    accepted.end('from server');
    await Promise.all([closed(client), closed(accepted)]);
    await finish();
    return trace.lanes();
  });

  same('an end with nothing sent before', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    trace.watch('C', client, EVENTS);
    trace.watch('s', accepted, [...EVENTS, 'readable']);
    accepted.removeAllListeners('data');
    client.end();
    accepted.on('readable', () => trace.push('s.read', accepted.read()));
    await Promise.all([closed(client), closed(accepted)]);
    await finish();
    return trace.lanes();
  });
});
