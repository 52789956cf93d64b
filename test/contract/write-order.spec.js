'use strict';

// Writes that are made from callbacks and handlers, many at a time, and what interrupts them.

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, pair, collect, closed, turn, deferred, within } = require('../support/sockets.js');
const { isWindows } = require('../support/local-names.js');

contract('order of writes', ({ net, it }) => {
  it('a chain of callbacks does not grow the stack', async () => {
    const { client, accepted, finish } = await pair(net);
    const LINKS = 20_000;
    const received = collect(accepted);
    const done = deferred();
    const next = (i) => {
      if (i === LINKS) done.resolve();
      else client.write('x', () => next(i + 1));
    };
    next(0);
    await within(done.promise, 'the last callback');
    client.end();
    assert.equal((await received).length, LINKS);
    await finish();
  });

  it('ten thousand writes in one turn arrive in order, and every callback comes', async () => {
    const { client, accepted, finish } = await pair(net);
    const COUNT = 10_000;
    const received = collect(accepted);
    let callbacks = 0;
    const expected = [];
    for (let i = 0; i < COUNT; i++) {
      expected.push(`${i},`);
      client.write(`${i},`, () => callbacks++);
    }
    await new Promise((resolve) => client.end(resolve));
    assert.equal(callbacks, COUNT);
    assert.equal(String(await received), expected.join(''));
    await finish();
  });

  it('writes from timers, immediates, ticks and microtasks all leave', async () => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    const all = [
      new Promise((resolve) => setTimeout(() => client.write('t', resolve), 1)),
      new Promise((resolve) => setImmediate(() => client.write('i', resolve))),
      new Promise((resolve) => process.nextTick(() => client.write('n', resolve))),
      Promise.resolve().then(() => new Promise((resolve) => client.write('m', resolve))),
      new Promise((resolve) => require('node:fs').stat(__filename, () => client.write('f', resolve))),
    ];
    await within(Promise.all(all), 'all callbacks');
    client.end();
    assert.equal([...String(await received)].sort().join(''), 'fimnt');
    await finish();
  });

  it('an echo of many small questions keeps their order', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.on('data', (chunk) => accepted.write(chunk));
    let text = '';
    let asked = '';
    client.setEncoding('latin1');
    client.on('data', (chunk) => (text += chunk));
    for (let i = 0; i < 500; i++) {
      asked += `${i};`;
      client.write(`${i};`);
      if (i % 7 === 0) await turn();
    }
    client.end();
    await when(client, 'end');
    assert.equal(text, asked);
    await finish();
  });

  it('bytesWritten counts at once what still waits', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    const chunk = Buffer.alloc(1_000_000);
    for (let i = 1; i <= 20; i++) {
      client.write(chunk);
      assert.equal(client.bytesWritten, i * chunk.length);
    }
    client.write('é'.repeat(10));
    assert.equal(client.bytesWritten, 20 * chunk.length + 20);
    await turn();
    assert.equal(client.bytesWritten, 20 * chunk.length + 20);
    assert.ok(client.writableLength > 0);
    client.destroy();
    await closed(client);
    await finish();
  });
});

differential('order of writes', ({ same }) => {
  same('callbacks, drain and what is written from them', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    const done = deferred();
    let drains = 0;
    client.once('drain', () => {
      drains++;
      // On Windows libuv never ends a write at once that is made in the callback of another, so that 'drain' comes on
      // the other side of 'big written' there.
      if (!isWindows) trace.push('drain');
      client.write('after drain', () => {
        trace.push('after drain written');
        done.resolve();
      });
    });
    client.write('a', () => {
      trace.push('a');
      client.write('from a', () => trace.push('from a'));
    });
    client.write('b', () => trace.push('b'));
    trace.push(
      'big',
      client.write(Buffer.alloc(16_000_000), () => trace.push('big written')),
    );
    client.write('after big', () => trace.push('after big'));
    await within(done.promise, 'the write after drain');
    client.end();
    trace.push('length', (await received).length, 'drains', drains);
    await finish();
  });

  // libuv hands over 1,024 in a call on Linux, all of them on Windows (fewer under Wine).
  for (const count of isWindows ? [1_000] : [1_024, 1_025, 2_048, 2_049, 20_000]) {
    same(`${count} short chunks that leave together: when they have been written`, async (net, trace) => {
      const { client, accepted, finish } = await pair(net);
      const received = collect(accepted);
      const written = deferred();
      client.cork();
      for (let n = 0; n < count; n++)
        client.write('x', n < count - 1 ? undefined : () => trace.push('written'));
      client.uncork();
      trace.push('left', client.writableLength);
      process.nextTick(() => trace.push('tick', client.writableLength));
      client.write('y', () => {
        trace.push('next written');
        written.resolve();
      });
      await within(written.promise, 'the next write');
      client.end();
      trace.push('length', (await received).length);
      await finish();
    });
  }

  same('ticks and microtasks between write callbacks', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.resume();
    const done = deferred();
    for (const name of ['one', 'two']) {
      client.write(name, () => {
        trace.push(name);
        process.nextTick(() => trace.push(`tick of ${name}`));
        Promise.resolve().then(() => trace.push(`microtask of ${name}`));
        if (name === 'two') setImmediate(done.resolve);
      });
    }
    process.nextTick(() => trace.push('tick after write'));
    await within(done.promise, 'the callbacks');
    await finish();
  });

  for (const [name, act] of Object.entries({
    end: (client) => client.end('last'),
    destroy: (client) => client.destroy(),
    'destroy with an error': (client) => client.destroy(new Error('mine')),
    'write again': (client) => client.write('again'),
    cork: (client) => {
      client.cork();
      client.write('c');
      client.write('d');
      process.nextTick(() => client.uncork());
    },
  })) {
    same(`${name} inside a write callback`, async (net, trace) => {
      const { client, accepted, finish } = await pair(net);
      trace.watch('C', client, ['finish', 'error', 'close']);
      accepted.on('error', () => {}).resume();
      const done = deferred();
      client.write('first', (error) => {
        trace.push('first', error);
        act(client);
        setImmediate(done.resolve);
      });
      client.write('second', (error) => trace.push('second', error));
      await within(done.promise, 'the callback');
      await turn();
      // On Windows libuv closes a socket a turn later than the port.
      if (isWindows && (client.destroyed || client.writableEnded)) await closed(client);
      trace.push('state', client.destroyed, client.writableEnded);
      client.end();
      client.resume();
      await closed(client);
      await finish();
    });
  }

  same('a write on a socket that is not read, after its peer has reset', async (net, trace) => {
    const { client, accepted, finish } = await pair(net, { server: { pauseOnConnect: true } });
    trace.watch('s', accepted, ['error', 'end', 'close']);
    client.resetAndDestroy();
    await closed(client);
    await turn();
    trace.push('nothing yet', accepted.destroyed);
    // A write that is taken was quicker than the reset.
    const failed = (resolve) =>
      accepted.write('x', (error) => {
        if (error) trace.push('written', error.code, error.syscall);
        resolve(Boolean(error));
      });
    while (!(await new Promise(failed))) await turn();
    await closed(accepted);
    await finish();
  });

  same('cork over several turns, and end while corked', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    client.cork();
    for (const text of ['a', 'b', 'c']) {
      client.write(text, () => trace.push('written', text));
      await turn();
    }
    trace.push('corked', client.writableLength, client.bytesWritten, accepted.bytesRead);
    client.end('d', () => trace.push('ended'));
    trace.push('received', await received, client.writableCorked);
    client.resume();
    await closed(client);
    await finish();
  });
});
