'use strict';

// Programs put their own functions in the place of ours: on one socket, or on the prototype. No short cut may pass them by.

const assert = require('node:assert/strict');
const { Readable, Writable } = require('node:stream');
const EventEmitter = require('node:events');
const { contract, differential } = require('../support/contract.js');
const { when, pair, closed, collect, turn, turns } = require('../support/sockets.js');

/** Replaces a method for the time of fn. */
async function patched(object, name, make, fn) {
  const own = Object.getOwnPropertyDescriptor(object, name);
  const original = object[name];
  Object.defineProperty(object, name, {
    value: make(original),
    writable: true,
    configurable: true,
    enumerable: true,
  });
  try {
    await fn();
  } finally {
    if (own) Object.defineProperty(object, name, own);
    else delete object[name];
  }
}

/** One exchange over a fresh pair: what arrived at each end. */
async function exchange(net) {
  const { client, accepted, finish } = await pair(net);
  const received = [collect(accepted), collect(client)];
  accepted.write('from the server');
  client.write('from ');
  client.end('the client');
  const texts = (await Promise.all(received)).map(String);
  await Promise.all([closed(client), closed(accepted)]);
  await finish();
  return texts;
}

contract('methods that were replaced', ({ net, it }) => {
  for (const [owner, object] of [
    ['net.Socket', () => net.Socket.prototype],
    ['stream.Readable', () => Readable.prototype],
  ]) {
    for (const name of ['push', 'read', 'on', 'emit']) {
      it(`${owner}.prototype.${name} is called`, async () => {
        let calls = 0;
        const make = (original) =>
          function (...args) {
            calls++;
            return original.apply(this, args);
          };
        await patched(object(), name, make, async () => {
          assert.deepEqual(await exchange(net), ['from the client', 'from the server']);
        });
        assert.notEqual(calls, 0);
      });
    }
  }

  for (const name of ['write', 'end', 'destroy', 'connect', '_write', '_final', '_destroy', '_read']) {
    it(`net.Socket.prototype.${name} is called for every socket`, async () => {
      const sockets = new Set();
      const make = (original) =>
        function (...args) {
          sockets.add(this);
          return original.apply(this, args);
        };
      await patched(net.Socket.prototype, name, make, async () => {
        assert.deepEqual(await exchange(net), ['from the client', 'from the server']);
      });
      assert.equal(sockets.size, name === 'connect' ? 1 : 2);
    });
  }

  it('an emit of the socket itself sees every event with its arguments', async () => {
    const { client, accepted, finish } = await pair(net);
    const seen = [];
    const { emit } = accepted;
    accepted.emit = function (event, ...args) {
      seen.push(event);
      if (event === 'data') args[0] = Buffer.from(String(args[0]).toUpperCase());
      return emit.call(this, event, ...args);
    };
    const received = collect(accepted);
    for (const text of ['one ', 'two ', 'three']) {
      client.write(text);
      await when(accepted, 'data');
    }
    client.end();
    assert.equal(String(await received), 'ONE TWO THREE');
    await closed(accepted);
    assert.equal(seen.filter((event) => event === 'data').length, 3);
    for (const event of ['end', 'finish', 'close']) assert.ok(seen.includes(event), event);
    await finish();
  });

  it('a push of the socket itself is given the chunks and the end', async () => {
    const { client, accepted, finish } = await pair(net);
    const pushed = [];
    accepted.push = function (chunk, ...rest) {
      pushed.push(chunk === null ? 'end' : String(chunk));
      return net.Socket.prototype.push.call(this, chunk, ...rest);
    };
    accepted.resume();
    client.write('a');
    await when(accepted, 'data');
    client.write('b');
    await when(accepted, 'data');
    client.end();
    await when(accepted, 'end');
    assert.deepEqual(pushed, ['a', 'b', 'end']);
    await finish();
  });

  it('a _write of the socket itself may change what is sent', async () => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    client._write = function (chunk, encoding, callback) {
      const text = typeof chunk === 'string' ? chunk : String(chunk);
      net.Socket.prototype._write.call(this, Buffer.from(text.toUpperCase()), 'buffer', callback);
    };
    client.write('small ');
    client.write(Buffer.from('buffer '));
    client.end('x'.repeat(10_000));
    assert.equal(String(await received), `SMALL BUFFER ${'X'.repeat(10_000)}`);
    await finish();
  });
});

differential('methods and listeners that change under way', ({ same }) => {
  /** Sends each text once the one before has arrived, so that both halves see the same chunks. */
  const stepping = async (net, trace, texts, between) => {
    const { client, accepted, finish } = await pair(net);
    const arrived = () => EventEmitter.once(accepted, 'step');
    accepted.on('error', () => {});
    await between(accepted, -1, trace);
    for (const [index, text] of texts.entries()) {
      const before = accepted.bytesRead;
      client.write(text);
      while (accepted.bytesRead - before < text.length) await turn();
      await turns(3);
      await between(accepted, index, trace, arrived);
    }
    client.end();
    accepted.resume();
    await when(accepted, 'end');
    await finish();
    return trace.entries;
  };
  const data = (trace, label) => {
    const listener = (chunk) => trace.push(label, typeof chunk === 'string' ? `text ${chunk}` : chunk);
    return listener;
  };

  same('a data listener is removed and added again', (net, trace) => {
    const first = data(trace, 'first');
    return stepping(net, trace, ['a', 'b', 'c'], (s, index) => {
      if (index === -1) s.on('data', first);
      if (index === 0) s.removeListener('data', first);
      if (index === 1) s.on('data', data(trace, 'second'));
      trace.push('flowing', s.readableFlowing, s.readableLength);
    });
  });

  same('two data listeners, one prepended, one once', (net, trace) =>
    stepping(net, trace, ['a', 'b'], (s, index) => {
      if (index !== -1) return;
      s.on('data', data(trace, 'on'));
      s.prependListener('data', data(trace, 'prepended'));
      s.once('data', data(trace, 'once'));
    }),
  );

  same('setEncoding in the middle', (net, trace) =>
    stepping(net, trace, ['a', 'b', 'c'], (s, index) => {
      if (index === -1) s.on('data', data(trace, 'data'));
      if (index === 0) s.setEncoding('hex');
    }),
  );

  same('from data to readable and back', (net, trace) => {
    const flow = data(trace, 'data');
    const readable = function () {
      for (let chunk = this.read(); chunk !== null; chunk = this.read()) trace.push('read', chunk);
    };
    return stepping(net, trace, ['a', 'b', 'c', 'd'], (s, index) => {
      if (index === -1) s.on('data', flow);
      if (index === 0) s.removeListener('data', flow).on('readable', readable);
      if (index === 1) s.removeListener('readable', readable);
      if (index === 2) s.on('data', flow).resume();
      trace.push('flowing', s.readableFlowing);
    });
  });

  same('pause and resume between chunks', (net, trace) =>
    stepping(net, trace, ['a', 'b', 'c'], async (s, index) => {
      if (index === -1) s.on('data', data(trace, 'data'));
      if (index === 0) s.pause();
      if (index === 1) {
        trace.push('held', s.readableLength, s.isPaused());
        s.resume();
        await turn();
      }
    }),
  );

  same('unshift inside a data handler', (net, trace) =>
    stepping(net, trace, ['abc', 'd'], (s, index) => {
      if (index !== -1) return;
      let once = true;
      s.on('data', (chunk) => {
        trace.push('data', chunk);
        if (once) {
          once = false;
          s.unshift(Buffer.from('back '));
        }
      });
    }),
  );

  same('a write replaced on the socket, and given back', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    client.write = function (...args) {
      trace.push('own write', args[0]);
      return net.Socket.prototype.write.apply(this, args);
    };
    new Readable({
      read() {
        this.push('piped');
        this.push(null);
      },
    }).pipe(client, { end: false });
    await when(client, 'unpipe');
    delete client.write;
    client.write(' plain ');
    client.end('end');
    trace.push('received', await received);
    await finish();
  });

  same('a socket piped into several sinks', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const sinks = ['one', 'two'].map((name) => {
      let text = '';
      const sink = new Writable({
        write(chunk, encoding, callback) {
          text += chunk;
          setImmediate(callback);
        },
      });
      sink.on('finish', () => trace.push(name, text));
      accepted.pipe(sink);
      return sink;
    });
    client.end('both of them');
    await Promise.all(sinks.map((sink) => when(sink, 'close')));
    await finish();
    return trace.entries.sort();
  });
});
