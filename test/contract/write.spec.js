'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { when, pair, collect, closed, turn, within, deferred } = require('../support/sockets.js');

const BIG = 16 * 1024 * 1024;
const pattern = (size, seed = 1) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed * 7 + (i >> 8)) & 255));

contract('write', ({ net, it, ours }) => {
  it('delivers chunks of every size in order', async () => {
    const { client, accepted, finish } = await pair(net);
    const sizes = [
      1, 0, 2, 63, 64, 1024, 2047, 2048, 2049, 16_384, 65_535, 65_536, 65_537, 262_144, 1, 1_000_000, 3,
    ];
    const sent = sizes.map((size, index) => pattern(size, index));
    const received = collect(accepted);
    for (const chunk of sent) client.write(chunk);
    client.end();
    assert.deepEqual(Buffer.compare(await received, Buffer.concat(sent)), 0);
    assert.equal(
      client.bytesWritten,
      sizes.reduce((a, b) => a + b),
    );
    assert.equal(accepted.bytesRead, client.bytesWritten);
    await finish();
  });

  it('mixes texts and buffers, small and large, without reordering', async () => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    const expected = [];
    for (let i = 0; i < 300; i++) {
      const chunk = i % 3 === 0 ? `text ${i} é€😀|` : i % 3 === 1 ? pattern(i * 97, i) : 'x'.repeat(i * 11);
      expected.push(Buffer.from(chunk));
      client.write(chunk);
      if (i % 50 === 49) await turn();
    }
    client.end('the end');
    expected.push(Buffer.from('the end'));
    assert.equal(Buffer.compare(await received, Buffer.concat(expected)), 0);
    await finish();
  });

  it('one buffer of some MiB arrives whole, and its callback comes after', async () => {
    const { client, accepted, finish } = await pair(net);
    const chunk = pattern(BIG);
    const received = collect(accepted);
    const done = deferred();
    const flushed = client.write(chunk, done.resolve);
    assert.equal(flushed, false);
    assert.equal(client.writableNeedDrain, true);
    await when(client, 'drain');
    await within(done.promise, 'callback of write');
    assert.equal(client.writableLength, 0);
    client.end();
    assert.equal(Buffer.compare(await received, chunk), 0);
    await finish();
  });

  it('what a buffer holds is sent as it was, when it is changed after the callback', async () => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    const chunk = Buffer.alloc(100_000, 'a');
    await new Promise((resolve) => client.write(chunk, resolve));
    chunk.fill('b');
    await new Promise((resolve) => client.write(chunk, resolve));
    chunk.fill('c');
    client.end();
    const all = await received;
    assert.equal(all.length, 200_000);
    assert.ok(all.subarray(0, 100_000).every((byte) => byte === 97));
    assert.ok(all.subarray(100_000).every((byte) => byte === 98));
    await finish();
  });

  it('calls every callback once, in order, without an error', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.resume();
    const order = [];
    for (let i = 0; i < 200; i++)
      client.write(i % 2 ? 'text' : pattern(i * 300), (error) => order.push(error ?? i));
    await new Promise((resolve) => client.end(resolve));
    assert.deepEqual(
      order,
      Array.from({ length: 200 }, (_, i) => i),
    );
    await finish();
  });

  // On a busy machine node:net under Wine stops in the middle of it, four times out of four: not verified on Windows.
  const fullDuplex = ours || process.platform !== 'win32' ? it : () => {};
  fullDuplex('both directions at once do not hold each other up', async () => {
    const { client, accepted, finish } = await pair(net);
    const there = pattern(BIG, 1);
    const back = pattern(BIG, 2);
    const received = [collect(accepted), collect(client)];
    client.end(there);
    accepted.end(back);
    const [atAccepted, atClient] = await Promise.all(received);
    assert.equal(Buffer.compare(atAccepted, there), 0);
    assert.equal(Buffer.compare(atClient, back), 0);
    await finish();
  });
});

differential('write', ({ same }) => {
  for (const encoding of [
    'utf8',
    'utf-8',
    'UTF8',
    'ascii',
    'latin1',
    'binary',
    'ucs2',
    'utf16le',
    'hex',
    'base64',
    'base64url',
  ]) {
    same(`encoding ${encoding}`, async (net, trace) => {
      const { client, accepted, finish } = await pair(net);
      const received = collect(accepted);
      for (const text of ['', 'abc1', 'é€😀', 'c3a9', 'zz', 'YWJj', 'a', '\u0000\u00ff\u0100', '\ud800']) {
        trace.push('write', client.write(text, encoding), client.bytesWritten);
      }
      const long = '0af8'.repeat(20_000);
      client.write(long, encoding);
      trace.push('bytesWritten', client.bytesWritten);
      client.end();
      trace.push(
        'received',
        require('node:crypto')
          .createHash('sha256')
          .update(await received)
          .digest('hex'),
      );
      trace.push('bytesRead', accepted.bytesRead, client.bytesWritten);
      await finish();
    });
  }

  same('setDefaultEncoding and the encoding of the reader', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    client.setDefaultEncoding('hex');
    accepted.setEncoding('utf8');
    let text = '';
    accepted.on('data', (chunk) => {
      trace.push('type', typeof chunk);
      text += chunk;
    });
    client.write('c3');
    await turn();
    client.write('a9');
    client.end();
    await when(accepted, 'end');
    trace.entries.length = 1;
    trace.push('text', text);
    await finish();
  });

  same('what write returns, and when the callback comes', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.resume();
    const done = deferred();
    trace.push(
      'small',
      client.write('a', () => trace.push('callback a')),
    );
    trace.push('length', client.writableLength, client.bufferSize);
    process.nextTick(() => trace.push('tick'));
    trace.push(
      'empty',
      client.write('', () => trace.push('callback empty')),
    );
    trace.push(
      'empty buffer',
      client.write(Buffer.alloc(0), () => trace.push('callback empty buffer')),
    );
    trace.push(
      'with encoding',
      client.write('ff', 'hex', () => trace.push('callback hex')),
    );
    client.write('last', done.resolve);
    await within(done.promise, 'the last callback');
    await finish();
  });

  same('cork and uncork', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    client.cork();
    client.cork();
    for (const chunk of ['a', Buffer.from('b'), 'é', Buffer.from('c')]) {
      trace.push(
        'write',
        client.write(chunk, () => trace.push('callback')),
        client.writableLength,
        client.bytesWritten,
      );
    }
    client.write('c3a9', 'hex');
    client.uncork();
    trace.push('still corked', client.writableCorked, client.writableLength, client.bytesWritten);
    client.uncork();
    trace.push('uncorked', client.writableCorked, client.bytesWritten);
    client.end('z');
    trace.push('received', await received);
    trace.push('bytesWritten', client.bytesWritten);
    await finish();
  });

  same('what _write and _writev of a subclass are given', async (net, trace) => {
    class Seen extends net.Socket {
      _write(chunk, encoding, callback) {
        trace.push('_write', typeof chunk === 'string' ? chunk : ['buffer', chunk.length], encoding);
        super._write(chunk, encoding, callback);
      }
      _writev(chunks, callback) {
        trace.push(
          '_writev',
          chunks.allBuffers,
          chunks.map(({ chunk, encoding }) => [typeof chunk, chunk.length, encoding]),
        );
        super._writev(chunks, callback);
      }
    }
    const server = net.createServer((s) => s.resume().on('end', () => s.end())).listen(0, '127.0.0.1');
    await when(server, 'listening');
    const client = new Seen();
    client.connect(server.address().port, '127.0.0.1');
    await when(client, 'connect');
    client.write('text');
    client.write(Buffer.from('buffer'));
    client.cork();
    client.write('é');
    client.write('ff', 'hex');
    client.uncork();
    client.cork();
    client.write(Buffer.from('1'));
    client.write(Buffer.from('2'));
    client.uncork();
    client.end();
    client.resume();
    await when(client, 'close');
    server.close();
    await when(server, 'close');
  });

  same('write after end', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.resume();
    trace.watch('C', client, ['error', 'finish', 'close']);
    client.end('x');
    trace.call('write', () => client.write('y', (error) => trace.push('callback', error)));
    trace.call('end again', () => client.end((error) => trace.push('end callback', error)) === client);
    await closed(client);
    trace.push('after', client.writable, client.destroyed);
    await finish();
  });

  same('write and end after destroy', async (net, trace) => {
    const { client, finish } = await pair(net);
    trace.watch('C', client, ['error', 'finish', 'close']);
    client.destroy();
    trace.call('write', () => client.write('y', (error) => trace.push('write callback', error)));
    trace.call('end', () => client.end('z', (error) => trace.push('end callback', error)) === client);
    await closed(client);
    trace.call('write after close', () => client.write('y', (error) => trace.push('late callback', error)));
    await turn();
    await finish();
  });

  same('write on a socket that was never connected', async (net, trace) => {
    const socket = trace.watch('C', new net.Socket(), ['error', 'close', 'finish']);
    trace.call('write', () => socket.write('x', (error) => trace.push('callback', error)));
    await turn();
    trace.push('state', socket.destroyed, socket.bytesWritten, socket.writableLength);
    const ended = trace.watch('E', new net.Socket(), ['error', 'close', 'finish', 'prefinish']);
    trace.call('end', () => ended.end((error) => trace.push('end callback', error)) === ended);
    await turn();
    trace.push('state', ended.destroyed, ended.writableFinished);
  });

  same('pending writes are called back when the socket is destroyed', async (net, trace) => {
    const { client, finish } = await pair(net);
    trace.watch('C', client, ['error', 'close', 'drain', 'finish']);
    const codes = [];
    // Nobody reads: of these, the system cannot have taken all.
    for (let i = 0; i < 8; i++)
      client.write(Buffer.alloc(BIG), (error) => codes.push(error?.code ?? 'taken'));
    client.destroy(new Error('enough'));
    trace.push('destroyed', client.destroyed, client.writableLength > 0);
    await closed(client);
    await turn();
    trace.push('last code', codes.at(-1), codes.length);
    await finish();
  });

  same("a text as 'buffer', alone and corked", async (net, trace) => {
    for (const cork of [false, true]) {
      const { client, accepted, finish } = await pair(net);
      const received = collect(accepted);
      if (cork) client.cork();
      trace.call(`write, corked ${cork}`, () => client.write('first ', 'latin1'));
      trace.call('as buffer', () => client.write('\u00e9\u20ac', 'buffer'));
      trace.call('uncork', () => client.uncork());
      trace.push('written', client.bytesWritten, client.destroyed);
      if (cork) {
        client.end();
        trace.push('received', String(await received));
      }
      await finish();
    }
  });
});
