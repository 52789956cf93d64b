'use strict';

// Sockets as streams: everything that stream.Duplex promises holds for them.

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { Readable, Transform, Writable, finished, pipeline, Duplex } = require('node:stream');
const promises = require('node:stream/promises');
const { contract, differential } = require('../support/contract.js');
const { when, pair, collect, closed, listening, close, noteClose, turn } = require('../support/sockets.js');

const sha = (data) => createHash('sha256').update(data).digest('hex');
const sample = (size) => Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 17) ^ (i >> 7)));

contract('sockets as streams', ({ net, it }) => {
  it('async iteration yields all bytes and ends', async () => {
    const { client, accepted, finish } = await pair(net);
    const data = sample(500_000);
    client.end(data);
    const got = [];
    for await (const chunk of accepted) got.push(chunk);
    assert.equal(sha(Buffer.concat(got)), sha(data));
    await finish();
  });

  it('leaving the iteration early destroys the socket', async () => {
    const { client, accepted, finish } = await pair(net);
    client.on('error', () => {}).write(sample(500_000));
    for await (const chunk of accepted) {
      assert.ok(chunk.length > 0);
      break;
    }
    assert.equal(accepted.destroyed, true);
    await closed(accepted);
    await finish();
  });

  it('pipeline through a transform, from socket to socket', async () => {
    const server = await listening(net, {}, (s) => {
      const upper = new Transform({
        transform: (chunk, _, callback) => callback(null, String(chunk).toUpperCase()),
      });
      pipeline(s, upper, s, () => {});
    });
    const client = noteClose(
      net.connect({ port: server.address().port, host: '127.0.0.1', allowHalfOpen: true }),
    );
    const received = collect(client);
    await promises.pipeline(Readable.from(['abc', 'def'.repeat(100_000)]), client, { end: true });
    assert.equal(sha(await received), sha(`ABC${'DEF'.repeat(100_000)}`));
    await closed(client);
    await close(server);
  });

  it('a broken source destroys the socket that it is piped into', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.on('error', () => {}).resume();
    const broken = new Readable({
      read() {
        this.destroy(new Error('broken source'));
      },
    });
    await assert.rejects(promises.pipeline(broken, client), { message: 'broken source' });
    assert.equal(client.destroyed, true);
    await closed(client);
    await finish();
  });

  it('finished calls back once both directions are done', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.resume();
    client.resume();
    const done = promises.finished(client);
    client.end('x');
    await done;
    assert.equal(client.readableEnded && client.writableFinished, true);
    await finish();
  });

  it('unshift, peek and read by size', async () => {
    const { client, accepted, finish } = await pair(net);
    client.end('header|body');
    let text = '';
    const ended = when(accepted, 'end');
    accepted.once('readable', () => {
      const head = accepted.read(7);
      assert.equal(String(head), 'header|');
      accepted.unshift(Buffer.from('again '));
      accepted.setEncoding('latin1');
      accepted.on('data', (chunk) => (text += chunk));
    });
    await ended;
    assert.equal(text, 'again body');
    await finish();
  });

  it('a duplex pipe in a circle echoes', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pipe(accepted);
    const data = sample(3_000_000);
    const received = collect(client);
    client.end(data);
    assert.equal(sha(await received), sha(data));
    await finish();
  });

  it('iterates helpers of readable streams', async () => {
    const { client, accepted, finish } = await pair(net);
    client.end('one\ntwo\nthree\n');
    accepted.setEncoding('utf8');
    const lines = (await accepted.toArray()).join('').trim().split('\n');
    assert.deepEqual(lines, ['one', 'two', 'three']);
    await finish();
  });

  it('web streams of a socket carry its bytes', async () => {
    const { client, accepted, finish } = await pair(net);
    const { writable } = Duplex.toWeb(client);
    const received = collect(accepted);
    const writer = writable.getWriter();
    await writer.write(Buffer.from('through '));
    await writer.write(Buffer.from('the web'));
    await writer.close();
    assert.equal(String(await received), 'through the web');
    await finish();
  });
});

differential('sockets as streams', ({ same }) => {
  same('finished: how it ends', async (net, trace) => {
    for (const [name, act] of Object.entries({
      end: ({ client }) => client.end('x'),
      destroy: ({ client }) => client.destroy(),
      'destroy with an error': ({ client }) => client.destroy(new Error('mine')),
      'peer ends': ({ accepted }) => accepted.end(),
      'peer resets': ({ accepted }) => accepted.resetAndDestroy(),
    })) {
      const ends = await pair(net);
      ends.accepted.on('error', () => {}).resume();
      ends.client.resume();
      const outcome = await new Promise((resolve) => {
        finished(ends.client, (error) => resolve(error ?? 'no error'));
        act(ends);
      });
      trace.push(name, outcome);
      await Promise.all([closed(ends.client), closed(ends.accepted)]);
      await ends.finish();
    }
  });

  same('readable events and what read returns', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    accepted.on('readable', () => {
      for (let chunk = accepted.read(); chunk !== null; chunk = accepted.read()) trace.push('chunk', chunk);
      trace.push('null');
    });
    trace.watch('s', accepted, ['end', 'close']);
    client.write('one');
    await when(accepted, 'readable');
    client.end();
    await closed(accepted);
    trace.push('read after end', accepted.read());
    await finish();
  });

  same('pipe: events of the destination', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const sink = new Writable({ write: (chunk, _, callback) => callback() });
    trace.watch('sink', sink, ['pipe', 'unpipe', 'finish', 'close']);
    accepted.pipe(sink);
    client.end('x');
    await when(sink, 'close');
    await finish();
  });

  same('flags along the way', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const flags = (s) => [
      s.readableFlowing,
      s.readableEnded,
      s.readableAborted,
      s.readableDidRead,
      s.writableEnded,
      s.writableFinished,
      s.writableAborted,
      s.closed,
      s.errored,
    ];
    trace.push('start', flags(client));
    client.resume();
    accepted.resume();
    client.end('x');
    trace.push('ended', flags(client));
    await closed(client);
    trace.push('closed', flags(client));
    await closed(accepted);
    trace.push('accepted', flags(accepted));
    await finish();
    const other = await pair(net);
    other.client.destroy();
    await turn();
    trace.push('destroyed', flags(other.client));
    await other.finish();
  });

  same('push, unshift and _read by hand', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    trace.watch('C', client, ['data', 'end']);
    client.push('pushed ');
    client.unshift(Buffer.from('unshifted '));
    trace.call('_read', () => client._read(10));
    await turn();
    accepted.end('sent');
    await when(client, 'end');
    await finish();
  });

  same('a socket over another duplex is still a socket by emit', async (net, trace) => {
    const server = net.createServer((s) => trace.push('connection', s instanceof Duplex));
    server.emit('connection', new Duplex({ read() {}, write() {} }));
  });
});
