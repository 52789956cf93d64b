'use strict';

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const {
  when,
  listening,
  close,
  closed,
  noteClose,
  turn,
  turns,
  deferred,
  within,
} = require('../support/sockets.js');

/** A client with an onread option, and the accepted socket of its peer. */
async function reading(net, onread, { make } = {}) {
  const server = await listening(net);
  const arrives = when(server, 'connection');
  const options = { port: server.address().port, host: '127.0.0.1', onread };
  const client = noteClose(make ? make(options) : net.connect(options));
  const [peer] = await arrives;
  noteClose(peer);
  const finish = async () => {
    client.on('error', () => {}).destroy();
    peer.on('error', () => {}).destroy();
    await Promise.all([closed(client), closed(peer)]);
    await close(server);
  };
  return { client, peer, server, finish };
}

contract('onread', ({ net, it }) => {
  it('reads into the one buffer it was given, and emits no data', async () => {
    const buffer = Buffer.alloc(1024);
    const sizes = [];
    const got = [];
    const owners = new Set();
    const { client, peer, finish } = await reading(net, {
      buffer,
      callback(size, seen) {
        assert.equal(seen, buffer);
        owners.add(this);
        sizes.push(size);
        got.push(Buffer.from(seen.subarray(0, size)));
        return true;
      },
    });
    let data = 0;
    client.on('data', () => data++);
    const sent = Buffer.from(Uint8Array.from({ length: 10_000 }, (_, i) => i % 251));
    peer.end(sent);
    await when(client, 'end');
    assert.equal(Buffer.compare(Buffer.concat(got), sent), 0);
    assert.ok(sizes.every((size) => size > 0 && size <= buffer.length));
    assert.equal(data, 0);
    assert.deepEqual([...owners], [client]);
    assert.equal(client.bytesRead, sent.length);
    await finish();
  });

  it('asks a function for each buffer', async () => {
    const given = [];
    const seen = [];
    const { client, peer, finish } = await reading(net, {
      buffer: () => {
        const buffer = new Uint8Array(100);
        given.push(buffer);
        return buffer;
      },
      callback(size, buffer) {
        assert.ok(given.includes(buffer));
        seen.push(...buffer.subarray(0, size));
      },
    });
    peer.end(Buffer.from(Uint8Array.from({ length: 1000 }, (_, i) => i & 255)));
    await when(client, 'end');
    assert.deepEqual(
      seen,
      Array.from({ length: 1000 }, (_, i) => i & 255),
    );
    assert.ok(given.length >= 10);
    await finish();
  });

  it('stops when the callback returns false, and goes on with resume', async () => {
    let sum = 0;
    let calls = 0;
    let stopped = deferred();
    const { client, peer, finish } = await reading(net, {
      buffer: Buffer.alloc(10),
      callback(size) {
        sum += size;
        calls++;
        stopped.resolve();
        return false;
      },
    });
    const ended = when(client, 'end');
    peer.end('a'.repeat(35));
    await when(peer, 'finish');
    for (let pieces = 1; pieces <= 4; pieces++) {
      await within(stopped.promise, 'the next piece');
      stopped = deferred();
      await turns(5);
      assert.equal(calls, pieces, 'reading went on without resume');
      client.resume();
    }
    await ended;
    assert.equal(sum, 35);
    await finish();
  });

  it('pause and resume from outside', async () => {
    let sum = 0;
    const { client, peer, finish } = await reading(net, {
      buffer: Buffer.alloc(64),
      callback(size) {
        sum += size;
      },
    });
    client.pause();
    peer.end('b'.repeat(1000));
    await when(peer, 'finish');
    await turns(10);
    const before = sum;
    assert.ok(before <= 64, `${before} bytes while paused`);
    client.resume();
    await when(client, 'end');
    assert.equal(sum, 1000);
    await finish();
  });

  it('writing is not touched by it', async () => {
    const { client, peer, finish } = await reading(net, { buffer: Buffer.alloc(16), callback: () => {} });
    peer.setEncoding('utf8');
    client.end('question');
    const [text] = await when(peer, 'data');
    assert.equal(text, 'question');
    await finish();
  });
});

differential('onread', ({ same }) => {
  same('events and arguments', async (net, trace) => {
    const { client, peer, finish } = await reading(net, {
      buffer: Buffer.alloc(4),
      callback(...args) {
        trace.push(
          'callback',
          args.length,
          args[0],
          args[1].constructor.name,
          args[1].length,
          String(args[1].subarray(0, args[0])),
        );
      },
    });
    trace.watch('C', client, ['data', 'readable', 'end', 'error', 'close']);
    peer.end('0123456789');
    await when(client, 'end');
    trace.push('after', client.bytesRead, client.readableLength);
    client.end();
    await closed(client);
    await finish();
  });

  same('options that do not count are ignored', async (net, trace) => {
    for (const onread of [
      null,
      undefined,
      1,
      {},
      { buffer: Buffer.alloc(4) },
      { callback() {} },
      { buffer: 'x', callback() {} },
      { buffer: Buffer.alloc(4), callback: 'x' },
      { buffer: new ArrayBuffer(4), callback() {} },
      { buffer: new Uint16Array(4), callback() {} },
    ]) {
      const { client, peer, finish } = await reading(net, onread);
      let text = '';
      client.on('data', (chunk) => (text += chunk));
      peer.end('plain');
      await when(client, 'end');
      trace.push('data', text);
      await finish();
    }
  });

  same('given to the constructor of a socket', async (net, trace) => {
    let text = '';
    const { client, peer, finish } = await reading(
      net,
      {
        buffer: new Uint8Array(8),
        callback: (size, buffer) => {
          text += Buffer.from(buffer.subarray(0, size));
        },
      },
      { make: ({ onread, ...where }) => new net.Socket({ onread }).connect(where) },
    );
    trace.watch('C', client, ['data', 'end']);
    peer.end('through the constructor');
    await when(client, 'end');
    trace.push('text', text);
    await finish();
  });

  same('destroy inside the callback', async (net, trace) => {
    let calls = 0;
    const { client, peer, finish } = await reading(net, {
      buffer: Buffer.alloc(4),
      callback() {
        calls++;
        this.destroy();
      },
    });
    trace.watch('C', client, ['data', 'end', 'error', 'close']);
    peer.on('error', () => {});
    peer.write('0123456789');
    await closed(client);
    await turn();
    trace.push('calls', calls);
    await finish();
  });

  same('connected again, the same buffer serves', async (net, trace) => {
    const buffer = Buffer.alloc(16);
    let text = '';
    const server = await listening(net, {}, (s) => s.end('again '));
    const where = { port: server.address().port, host: '127.0.0.1' };
    const client = new net.Socket({
      onread: {
        buffer,
        callback: (size, seen) => {
          text += seen.toString('utf8', 0, size);
        },
      },
    });
    for (let i = 0; i < 3; i++) {
      client.connect(where);
      await when(client, 'close');
    }
    trace.push('text', text);
    await close(server);
  });
});

// What a program may do to its buffers between two receives. In a process of its own: some of it throws where nobody catches.
differential(
  'onread: buffers that change or go away',
  ({ same }) => {
    const TOTAL = 9_000;

    /** What came, and how the connection ended, when `mode` is done to the buffers. */
    const scenario = (mode) => async (_net, trace, transport) => {
      const { reports, code, stderr } = await inChild(
        transport,
        (net, report, how, total) => {
          const vm = require('node:vm');
          const Foreign = vm.runInNewContext('Uint8Array');
          const text = Buffer.from(Uint8Array.from({ length: total }, (_, n) => n % 251));
          let uncaught = 0;
          process.on('uncaughtException', ({ message }) => {
            uncaught++;
            if (message !== 'of the program') throw new Error(message);
          });
          let calls = 0;
          let got = 0;
          let same = true;
          let firstOther = -1;
          const give = {
            foreign: () => new Foreign(700),
            foreignOnce: new Foreign(700),
            subarray: new Uint8Array(new ArrayBuffer(2000), 300, 700),
            throwsOnce: () => {
              if (++calls === 3) throw new Error('of the program');
              return new Uint8Array(700);
            },
            throwsAlways: () => {
              if (++calls >= 3) throw new Error('of the program');
              return new Uint8Array(700);
            },
            nothingOnce: () => (++calls === 3 ? undefined : new Uint8Array(700)),
            otherTypeOnce: () => (++calls === 3 ? new Uint16Array(350) : new Uint8Array(700)),
            shorter: () => new Uint8Array(Math.max(1, 700 - 50 * ++calls)),
            empty: new Uint8Array(0),
            emptyLater: () => new Uint8Array(++calls < 3 ? 700 : 0),
            transferred: new Uint8Array(1000),
            transferredFunction: () => new Uint8Array(1000),
            callbackThrows: new Uint8Array(700),
          }[how];
          let done = 0;
          const server = net
            .createServer((socket) => socket.on('error', () => {}).end(text))
            .listen(0, '127.0.0.1', () => {
              const client = net.connect({
                port: server.address().port,
                host: '127.0.0.1',
                onread: {
                  buffer: give,
                  callback(length, buffer) {
                    // A buffer that is gone has no bytes; those that are there are the right ones.
                    const bytes = buffer ?? new Uint8Array(0);
                    for (let n = 0; n < Math.min(length, bytes.length); n++) {
                      if (bytes[n] !== text[got + n] && firstOther < 0) firstOther = got + n;
                    }
                    same &&= firstOther < 0;
                    got += length;
                    done++;
                    if (how.startsWith('transferred') && done === 2 && bytes.buffer.byteLength > 0) {
                      structuredClone(0, { transfer: [bytes.buffer] });
                    }
                    if (how === 'callbackThrows' && done === 2) throw new Error('of the program');
                    return true;
                  },
                },
              });
              let code = null;
              // Some never end by themselves: they are over when eight looks in a row have seen nothing new.
              let before = -1;
              let calm = 0;
              const timer = setInterval(() => {
                const now = got + done + calls + uncaught;
                calm = now === before ? calm + 1 : 0;
                before = now;
                if (calm === 8) client.destroy();
              }, 50);
              client.on('error', (error) => (code = [error.code, error.syscall, error.message]));
              client.on('close', (failed) => {
                clearInterval(timer);
                report({ how, got, same, code, failed, uncaught, bytesRead: client.bytesRead });
                server.close();
              });
            });
        },
        { args: [mode, TOTAL] },
      );
      trace.push(mode, { code, stderr: stderr.split('\n').filter((line) => /Error/.test(line)) }, ...reports);
    };

    for (const mode of [
      'foreign',
      'foreignOnce',
      'subarray',
      'throwsOnce',
      'throwsAlways',
      'nothingOnce',
      'otherTypeOnce',
      'shorter',
      'empty',
      'emptyLater',
      'transferred',
      'transferredFunction',
      'callbackThrows',
    ]) {
      same(mode, scenario(mode));
    }
  },
  { traffic: false },
);
