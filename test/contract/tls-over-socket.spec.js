'use strict';

// A connection that becomes TLS half-way: STARTTLS, tls.Server#emit('connection'), TLS over TLS.

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const tls = require('node:tls');
const { contract, differential } = require('../support/contract.js');
const {
  when,
  until,
  pair,
  closed,
  noteClose,
  listening,
  close,
  turns,
  collect,
} = require('../support/sockets.js');
const { identity, asServer, asClient, exchange } = require('../support/secure.js');
const { withUncaught } = require('../support/uncaught.js');

const MIB = 1024 * 1024;

/** One line each way: the handshake is done and both directions work. */
async function talk(client, server) {
  const question = when(server, 'data');
  client.write('question');
  assert.equal(String((await question)[0]), 'question');
  const answer = when(client, 'data');
  server.write('answer');
  assert.equal(String((await answer)[0]), 'answer');
}

async function endBoth(client, server) {
  for (const one of [client, server]) one.on('error', () => {}).resume();
  const all = [client, server].map((one) => (one.closed ? [] : when(one, 'close')));
  client.end();
  await Promise.all(all);
}

contract('TLS over a socket', ({ net, it }) => {
  it('both sides take over a connection that has carried bytes', async () => {
    const { client, accepted, finish } = await pair(net);
    const greeting = when(client, 'data');
    accepted.write('220 ready');
    assert.equal(String((await greeting)[0]), '220 ready');
    const secure = asServer(accepted);
    const secured = asClient(client);
    await talk(secured, secure);
    await endBoth(secured, secure);
    await Promise.all([closed(client), closed(accepted)]);
    await finish();
  });

  it('100 MiB each way after STARTTLS', async function () {
    this.timeout(600_000);
    const { client, accepted, finish } = await pair(net);
    client.write('STARTTLS');
    await when(accepted, 'data');
    const [ours, theirs] = await Promise.all([
      exchange(asClient(client), 100 * MIB, 1),
      exchange(asServer(accepted), 100 * MIB, 2),
    ]);
    assert.deepEqual([ours.bytes, theirs.bytes], [100 * MIB, 100 * MIB]);
    assert.equal(ours.received, theirs.sent);
    assert.equal(theirs.received, ours.sent);
    await finish();
  });

  it('bytes that were received and not read are the first of the handshake', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    accepted.read(0);
    const secured = asClient(client);
    await until(() => accepted.readableLength > 0, 'the hello of the client');
    const secure = asServer(accepted);
    await talk(secured, secure);
    await endBoth(secured, secure);
    await finish();
  });

  it('the first bytes of the handshake may come with the line before, and are put back', async () => {
    const { client, accepted, finish } = await pair(net);
    const secures = new Promise((resolve) => {
      let text = Buffer.alloc(0);
      accepted.on('data', function more(chunk) {
        text = Buffer.concat([text, chunk]);
        const at = text.indexOf('\n');
        if (at < 0) return;
        accepted.removeListener('data', more);
        accepted.pause();
        if (text.length > at + 1) accepted.unshift(text.subarray(at + 1));
        resolve(asServer(accepted));
      });
    });
    client.cork();
    client.write('STARTTLS\n');
    const secured = asClient(client);
    client.uncork();
    await talk(secured, await secures);
    await endBoth(secured, await secures);
    await finish();
  });

  it('what was written before leaves before the handshake, and calls back', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    const calledBack = [];
    const before = [Buffer.alloc(6 * MIB, 'a'), Buffer.alloc(3 * MIB, 'b'), 'words\n'];
    for (const [i, data] of before.entries()) client.write(data, (error) => calledBack.push(error ?? i));
    await turns(5);
    assert.ok(client.writableLength > 0, 'nothing of it waits');
    const secured = asClient(client);
    secured.write('question');
    let text = '';
    let bytes = 0;
    const total = 9 * MIB + 6;
    await new Promise((resolve) => {
      accepted.on('readable', function more() {
        for (let chunk; bytes < total; ) {
          chunk = accepted.read(Math.min(total - bytes, accepted.readableLength));
          if (chunk === null) return;
          bytes += chunk.length;
          text = (text + chunk.toString('latin1')).slice(-7);
        }
        accepted.removeListener('readable', more);
        resolve();
      });
    });
    assert.equal(text, 'bwords\n');
    const secure = asServer(accepted);
    const question = when(secure, 'data');
    assert.equal(String((await question)[0]), 'question');
    assert.deepEqual(calledBack, [0, 1, 2]);
    assert.equal(client.bytesWritten > total, true);
    await endBoth(secured, secure);
    await finish();
  });

  it('a list of chunks that waits together leaves before the handshake', async () => {
    const { client, accepted, finish } = await pair(net);
    accepted.pause();
    client.cork();
    for (let i = 0; i < 40; i++) client.write(Buffer.alloc(200_000, 65 + i));
    client.uncork();
    await turns(3);
    assert.ok(client.writableLength > 0, 'nothing of it waits');
    const secured = asClient(client);
    const chunks = [];
    let bytes = 0;
    const secure = await new Promise((resolve) => {
      accepted.on('readable', function more() {
        for (let chunk; bytes < 8_000_000; bytes += chunk.length) {
          chunk = accepted.read(Math.min(8_000_000 - bytes, accepted.readableLength));
          if (chunk === null) return;
          chunks.push(chunk);
        }
        accepted.removeListener('readable', more);
        resolve(asServer(accepted));
      });
    });
    const all = Buffer.concat(chunks);
    for (let i = 0; i < 40; i++) assert.equal(all[i * 200_000 + 199_999], 65 + i);
    await talk(secured, secure);
    await endBoth(secured, secure);
    await finish();
  });

  it("handed over by another socket's handler, when its own bytes have come in the same turn", async () => {
    for (let round = 0; round < 20; round++) {
      // Whichever gets its bytes first.
      const pairs = [await pair(net), await pair(net)];
      const [one, other] = round % 2 === 0 ? pairs : pairs.reverse();
      const { accepted } = other;
      accepted.on('data', (early) => accepted.removeAllListeners('data').pause().unshift(early));
      const secures = new Promise((resolve) => {
        one.accepted.once('data', () => {
          accepted.removeAllListeners('data');
          resolve(asServer(accepted));
        });
      });
      one.client.write('now');
      const secured = asClient(other.client);
      const secure = await secures;
      await talk(secured, secure);
      await endBoth(secured, secure);
      await Promise.all([one.finish(), other.finish()]);
    }
  });

  it('a write whose callback hands the socket over', async () => {
    const { client, accepted, finish } = await pair(net);
    const secures = new Promise((resolve) => {
      accepted.write('go', () => resolve(asServer(accepted)));
    });
    await when(client, 'data');
    const secured = asClient(client);
    const secure = await secures;
    await talk(secured, secure);
    await endBoth(secured, secure);
    await finish();
  });

  it('a socket that is still connecting', async () => {
    const server = await listening(net, {}, (accepted) => {
      asServer(accepted)
        .on('data', (data) => accepted.encrypted ?? server.emit('message', String(data)))
        .on('error', () => {});
    });
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    const secured = asClient(client);
    const message = when(server, 'message');
    const secures = when(secured, 'secureConnect');
    secured.write('early');
    assert.equal((await message)[0], 'early');
    await secures;
    assert.equal(secured.remotePort, server.address().port);
    secured.destroy();
    await closed(client);
    await close(server);
  });

  it('a socket that is still connecting, and has a connect listener that throws', async () => {
    const server = await listening(net, {}, (accepted) => {
      asServer(accepted)
        .on('error', () => {})
        .resume();
    });
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    const secured = asClient(client);
    client.on('connect', () => {
      throw new Error('of a listener');
    });
    const thrown = [];
    await withUncaught(
      (error) => thrown.push(error.message),
      () => when(secured, 'secureConnect'),
    );
    assert.deepEqual(thrown, ['of a listener']);
    secured.destroy();
    await closed(client);
    await close(server);
  });

  it("a server of tls takes what another server has accepted, by emit('connection')", async () => {
    const secureServer = tls.createServer(identity, (socket) => socket.end(`from ${socket.remotePort}`));
    const { client, accepted, finish } = await pair(net, {});
    await (async () => {
      client.write('x');
      await when(accepted, 'data');
    })();
    secureServer.emit('connection', accepted);
    const secured = asClient(client);
    assert.equal(String(await collect(secured)), `from ${client.localPort}`);
    await finish();
  });

  it('TLS over TLS over a socket', async () => {
    const { client, accepted, finish } = await pair(net);
    client.write('x');
    await when(accepted, 'data');
    const outer = [asClient(client), asServer(accepted)];
    await when(outer[0], 'secureConnect');
    const [ours, theirs] = await Promise.all([
      exchange(asClient(outer[0]), 5 * MIB, 3),
      exchange(asServer(outer[1]), 5 * MIB, 4),
    ]);
    assert.equal(ours.received, theirs.sent);
    assert.equal(theirs.received, ours.sent);
    await finish();
  });

  it('the store of connect() is that of the events, and a count of connections goes down', async () => {
    const storage = new AsyncLocalStorage();
    const server = await listening(net);
    const arrives = when(server, 'connection');
    const client = storage.run('at connect', () => net.connect(server.address().port, '127.0.0.1'));
    await when(client, 'connect');
    const [accepted] = await arrives;
    const secure = asServer(accepted);
    const secured = asClient(client);
    await talk(secured, secure);
    const store = new Promise((resolve) => client.once('close', () => resolve(storage.getStore())));
    await endBoth(secured, secure);
    assert.equal(await store, 'at connect');
    await close(server);
  });

  it('the socket stays usable: addresses, options, counters, timeouts', async () => {
    const { client, accepted, server, finish } = await pair(net);
    client.write('12345');
    await when(accepted, 'data');
    accepted.write('123');
    await when(client, 'data');
    const secured = asClient(client);
    const secure = asServer(accepted);
    await talk(secured, secure);
    assert.deepEqual([secured.remoteAddress, secured.remotePort], ['127.0.0.1', server.address().port]);
    assert.deepEqual([client.remotePort, client.localPort], [server.address().port, accepted.remotePort]);
    assert.deepEqual(secured.address(), client.address());
    assert.equal(client.setNoDelay(true).setKeepAlive(true, 1000).ref(), client);
    assert.equal(client.readyState, 'open');
    assert.equal(client.pending, false);
    assert.ok(client.bytesWritten > 5 + 'question'.length);
    assert.ok(client.bytesRead > 3 + 'answer'.length);
    assert.equal(client.bytesWritten, accepted.bytesRead);
    assert.equal(client.bytesRead, accepted.bytesWritten);
    const timeout = when(client, 'timeout');
    client.setTimeout(20);
    await timeout;
    await endBoth(secured, secure);
    const { bytesRead, bytesWritten } = accepted;
    await finish();
    assert.deepEqual([accepted.bytesRead, accepted.bytesWritten], [bytesRead, bytesWritten]);
    assert.equal(accepted.remoteAddress === undefined || accepted.remoteAddress === '127.0.0.1', true);
  });

  it('a timeout that was asked for before', async () => {
    const { client, accepted, finish } = await pair(net);
    client.setTimeout(40);
    const secured = asClient(client);
    const secure = asServer(accepted);
    const timeout = when(client, 'timeout');
    await talk(secured, secure);
    await timeout;
    assert.equal(client.timeout, 40);
    await endBoth(secured, secure);
    await finish();
  });

  it('reset through the socket below', async () => {
    const { client, accepted, finish } = await pair(net);
    const secured = asClient(client).on('error', () => {});
    const secure = asServer(accepted);
    await talk(secured, secure);
    const error = when(secure, 'error');
    client.resetAndDestroy();
    assert.equal((await error)[0].code, 'ECONNRESET');
    await finish();
  });

  it('the same object connects again after its connection was one of TLS', async () => {
    const { client, accepted, port, server, finish } = await pair(net);
    const secured = asClient(client);
    const secure = asServer(accepted);
    await talk(secured, secure);
    const gone = when(client, 'close');
    secured.on('error', () => {}).destroy();
    await gone;
    await closed(accepted);
    const arrives = when(server, 'connection');
    client.connect(port, '127.0.0.1');
    await when(client, 'connect');
    const [second] = await arrives;
    assert.deepEqual([client.bytesRead, client.bytesWritten], [0, 0]);
    client.write('again');
    assert.equal(String((await when(second, 'data'))[0]), 'again');
    assert.equal(client.bytesWritten, 5);
    const over = when(client, 'close');
    second.destroy();
    await over;
    await finish();
  });

  it('onread: TLS reads past the buffer of the program', async () => {
    const received = [];
    const { client, accepted, finish } = await pair(net, {
      client: {
        onread: {
          buffer: Buffer.alloc(4),
          callback(length, buffer) {
            received.push(String(buffer.subarray(0, length)));
            return true;
          },
        },
      },
    });
    accepted.write('12345678');
    await until(() => received.join('') === '12345678', 'both halves');
    const secured = asClient(client);
    const secure = asServer(accepted);
    await talk(secured, secure);
    assert.equal(received.join(''), '12345678');
    await endBoth(secured, secure);
    await finish();
  });
});

differential('TLS over a socket, as over node:net', ({ same }) => {
  const SOCKET = ['connect', 'data', 'end', 'finish', 'error', 'timeout', 'close'];
  const SECURE = ['connect', 'secureConnect', 'secure', 'end', 'finish', 'error', 'timeout', 'close'];

  for (const allowHalfOpen of [false, true]) {
    const options = { server: { allowHalfOpen }, client: { allowHalfOpen } };
    same(`events until both ends have closed (allowHalfOpen ${allowHalfOpen})`, async (net, trace) => {
      const { client, accepted, finish } = await pair(net, options);
      client.write('x');
      await when(accepted, 'data');
      const secure = asServer(accepted);
      const secured = asClient(client);
      for (const [label, one] of [
        ['client', client],
        ['accepted', accepted],
      ])
        trace.watch(
          label,
          one,
          SOCKET.filter((e) => e !== 'data'),
        );
      for (const [label, one] of [
        ['secured', secured],
        ['secure', secure],
      ])
        trace.watch(label, one, SECURE);
      await talk(secured, secure);
      secure.on('end', () => secure.end('bye'));
      secured.end('end');
      await Promise.all([closed(client), closed(accepted)]);
      await turns(5);
      await finish();
      return trace.lanes();
    });

    same(`the peer has ended its direction before (allowHalfOpen ${allowHalfOpen})`, async (net, trace) => {
      const { client, accepted, finish } = await pair(net, options);
      accepted.end('last words');
      await when(client, 'data');
      await turns(5);
      trace.push('state', client.readyState);
      const secured = trace.watch('secured', noteClose(asClient(client)), SECURE);
      await turns(20);
      trace.push('after', secured.destroyed, client.destroyed, secured.readable, secured.writable);
      await finish();
      if (allowHalfOpen) await closed(secured); // without it the socket was destroyed before, and nobody notifies TLS
      return trace.lanes();
    });

    same(`the own direction has ended before (allowHalfOpen ${allowHalfOpen})`, async (net, trace) => {
      const { client, accepted, finish } = await pair(net, options);
      client.end('last words');
      accepted.resume();
      await when(client, 'finish');
      if (client.destroyed) await turns(5);
      const secured = trace.watch('secured', noteClose(asClient(client)), SECURE);
      await turns(20);
      trace.push('after', secured.destroyed, client.destroyed);
      await finish();
      await closed(secured);
      return trace.lanes();
    });
  }

  same('destroyed below, destroyed above', async (net, trace) => {
    for (const which of ['socket', 'secured']) {
      const { client, accepted, finish } = await pair(net);
      const secure = asServer(accepted).on('error', () => {});
      const secured = asClient(client);
      await talk(secured, secure);
      trace.watch(`${which}:client`, client, ['end', 'error', 'close']);
      trace.watch(`${which}:secured`, secured, ['end', 'error', 'close']);
      (which === 'socket' ? client : secured).destroy(new Error('on purpose'));
      await closed(client);
      await turns(5);
      await finish();
    }
    return trace.lanes();
  });

  same('garbage in place of a handshake', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const secure = trace.watch('secure', asServer(accepted), SECURE);
    trace.watch('accepted', accepted, ['error', 'close']);
    const over = when(secure, 'close');
    client.write('no handshake at all, in clear text\n'.repeat(10));
    await over;
    await finish();
    const { secure: above, accepted: below } = trace.lanes();
    const [label, { code }] = above.shift();
    return { label, code, above, below };
  });

  same('a socket whose encoding is set', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    client.setEncoding('utf8');
    const secure = asServer(accepted).on('error', () => {});
    const secured = trace.watch('secured', noteClose(asClient(client)), ['secureConnect', 'error', 'close']);
    await when(secured, 'secureConnect');
    secure.destroy();
    secured.on('error', () => {}).destroy();
    await finish();
    await closed(secured);
    return trace.lanes();
  });

  same('a socket that was never connected, and one that is destroyed', async (net, trace) => {
    const never = new net.Socket();
    const secured = trace.watch('never', asClient(never), SECURE);
    await turns(3);
    trace.push('never.state', secured.connecting, secured.destroyed);
    secured.destroy();
    await when(secured, 'close');
    const { client, finish } = await pair(net);
    client.destroy();
    await closed(client);
    const late = trace.watch(
      'late',
      asClient(client).on('error', () => {}),
      ['error', 'close'],
    );
    await turns(5);
    trace.push('late.state', late.destroyed);
    late.destroy();
    await finish();
    return trace.lanes();
  });
});
