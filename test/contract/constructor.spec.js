'use strict';

const assert = require('node:assert/strict');
const builtin = require('node:net');
const stream = require('node:stream');
const EventEmitter = require('node:events');
const { inherits } = require('node:util');
const { contract, differential } = require('../support/contract.js');
const { listening, close, when, pair, nodeMajor } = require('../support/sockets.js');

contract('Socket constructor', ({ net, it }) => {
  it('is a plain function that can be called with and without new', () => {
    assert.equal(typeof net.Socket, 'function');
    for (const socket of [new net.Socket(), net.Socket(), net.Socket({}), new net.Socket(null)]) {
      assert.ok(socket instanceof net.Socket);
      assert.ok(socket instanceof stream.Duplex);
      assert.ok(socket instanceof EventEmitter);
      assert.equal(Object.getPrototypeOf(socket), net.Socket.prototype);
    }
  });

  it('is one class under two names, with the stream classes above it', () => {
    assert.equal(net.Stream, net.Socket);
    assert.equal(Object.getPrototypeOf(net.Socket), stream.Duplex);
    assert.ok(Object.prototype.isPrototypeOf.call(stream.Duplex.prototype, net.Socket.prototype));
    assert.equal(net.Socket.prototype.constructor, net.Socket);
  });

  it('is seen as a socket by instanceof of the built-in class', () => {
    assert.ok(new net.Socket() instanceof builtin.Socket);
    assert.equal({} instanceof builtin.Socket, false);
    assert.equal(new stream.Duplex() instanceof net.Socket, false);
  });

  it('serves util.inherits subclasses that call it as a function', () => {
    function Legacy(options) {
      net.Socket.call(this, options);
      this.extra = 1;
    }
    inherits(Legacy, net.Socket);
    const socket = new Legacy({ allowHalfOpen: true });
    assert.ok(socket instanceof net.Socket);
    assert.equal(socket.allowHalfOpen, true);
    assert.equal(socket.readyState, 'open');
    assert.equal(socket.extra, 1);
  });

  it('serves class subclasses, whose methods are called', async () => {
    class Counting extends net.Socket {
      writes = 0;
      finals = 0;
      _write(...args) {
        this.writes++;
        super._write(...args);
      }
      _final(callback) {
        this.finals++;
        super._final(callback);
      }
    }
    const server = await listening(net, {}, (s) => s.pipe(s));
    const socket = new Counting();
    socket.connect(server.address().port, '127.0.0.1');
    socket.setEncoding('utf8');
    socket.write('one');
    const [text] = await when(socket, 'data');
    assert.equal(text, 'one');
    socket.end();
    await when(socket, 'close');
    assert.equal(socket.writes, 1);
    assert.equal(socket.finals, 1);
    await close(server);
  });

  it('has every method and getter of the built-in prototype', () => {
    for (const [key, own] of Object.entries(Object.getOwnPropertyDescriptors(builtin.Socket.prototype))) {
      if (key === '_handle') continue; // a matter of libuv handles
      const ours = Object.getOwnPropertyDescriptor(net.Socket.prototype, key);
      assert.ok(ours, `no ${key}`);
      assert.equal(ours.enumerable, own.enumerable, `${key} enumerable`);
      assert.equal(typeof ours.value, typeof own.value, `${key} kind`);
      assert.equal(typeof ours.get, typeof own.get, `${key} getter`);
      assert.equal(typeof ours.set, typeof own.set, `${key} setter`);
      if (typeof own.value === 'function') assert.equal(ours.value.length, own.value.length, `${key}.length`);
    }
  });

  it('has no enumerable method or getter that node:net has not', () => {
    const own = new Set(Object.keys(builtin.Socket.prototype));
    assert.deepEqual(
      Object.keys(net.Socket.prototype).filter((key) => !own.has(key)),
      [],
    );
  });

  it('returns the socket from every setter', async () => {
    const { client, finish } = await pair(net);
    assert.equal(client.setNoDelay(), client);
    assert.equal(client.setKeepAlive(true, 1000), client);
    assert.equal(client.setTimeout(0), client);
    assert.equal(client.ref(), client);
    assert.equal(client.unref(), client);
    assert.equal(client.ref(), client);
    assert.equal(client.pause(), client);
    assert.equal(client.resume(), client);
    if (nodeMajor >= 24) assert.equal(client.setTypeOfService(0), client);
    assert.equal(client.end(), client);
    assert.equal(client.destroy(), client);
    assert.equal(client.resetAndDestroy(), client);
    await finish();
  });
});

differential(
  'Socket constructor',
  ({ same }) => {
    same('own enumerable fields and their values at birth', (net) => {
      const socket = new net.Socket();
      const fields = {};
      for (const key of [
        'connecting',
        '_hadError',
        '_parent',
        '_host',
        '_closeAfterHandlingError',
        'allowHalfOpen',
        '_sockname',
        '_pendingData',
        '_pendingEncoding',
        'server',
        '_server',
        'timeout',
        'autoSelectFamilyAttemptedAddresses',
        'resetAndClosing',
        '_peername',
        'readable',
        'writable',
        'destroyed',
        'readableFlowing',
      ]) {
        fields[key] = [key in socket, Object.hasOwn(socket, key), socket[key]];
      }
      return fields;
    });

    same('the enumerable keys that a console shows', (net) =>
      Object.keys(new net.Socket()).filter((key) => key !== '_handle'),
    );

    same('stream options that sockets set for themselves', (net) => {
      const socket = new net.Socket({ emitClose: true, autoDestroy: false, decodeStrings: true });
      const { emitClose, autoDestroy } = socket._readableState;
      const { decodeStrings } = socket._writableState;
      return {
        emitClose,
        autoDestroy,
        decodeStrings,
        w: [socket._writableState.emitClose, socket._writableState.autoDestroy],
        high: [socket.readableHighWaterMark, socket.writableHighWaterMark],
      };
    });

    same('stream options that are passed through', (net) => {
      const socket = new net.Socket({ highWaterMark: 1234, allowHalfOpen: 1, encoding: 'latin1' });
      const split = new net.Socket({
        readableHighWaterMark: 7,
        writableHighWaterMark: 9,
        defaultEncoding: 'hex',
      });
      const closed = new net.Socket({ readable: false });
      const mute = new net.Socket({ writable: false });
      return {
        high: [
          socket.readableHighWaterMark,
          socket.writableHighWaterMark,
          socket.allowHalfOpen,
          socket.readableEncoding,
        ],
        split: [
          split.readableHighWaterMark,
          split.writableHighWaterMark,
          split._writableState.defaultEncoding,
        ],
        closed: [closed.readable, closed.writable, closed.readyState],
        mute: [mute.readable, mute.writable, mute.readyState],
      };
    });

    same('an options object is not changed', (net) => {
      const options = { allowHalfOpen: 'yes', keepAliveInitialDelay: -5, highWaterMark: 3 };
      new net.Socket(options);
      return options;
    });

    same('options that are refused', (net, trace) => {
      for (const [name, options] of Object.entries({
        objectMode: { objectMode: true },
        readableObjectMode: { readableObjectMode: 1 },
        writableObjectMode: { writableObjectMode: 'x' },
        both: { readableObjectMode: true, writableObjectMode: true },
        falsy: { objectMode: 0, readableObjectMode: null },
        keepAliveInitialDelay: { keepAliveInitialDelay: '1' },
        keepAliveInitialDelayNull: { keepAliveInitialDelay: null },
        highWaterMark: { highWaterMark: 'x' },
        highWaterMarkNegative: { highWaterMark: -1 },
        fdNegative: { fd: -1 },
        fdText: { fd: 'one' },
        fdFraction: { fd: 1.5 },
        fdNumber: -1,
        fdNotOpen: { fd: 1 << 28 },
        signal: { signal: 'INVALID' },
        signalObject: { signal: {} },
      })) {
        trace.call(name, () => typeof new net.Socket(options));
      }
    });

    same('blockList is checked where the option exists', (net, trace) => {
      for (const blockList of [{}, 'x', 1, new net.BlockList(), null, false]) {
        trace.call('blockList', () => typeof new net.Socket({ blockList }).blockList);
      }
    });

    same('typeOfService is checked where the option exists', (net, trace) => {
      for (const typeOfService of ['1', -1, 256, 1.5, Number.NaN, null, 0, 255, undefined]) {
        trace.call(`tos ${typeOfService}`, () => typeof new net.Socket({ typeOfService }));
      }
    });

    same('function names and lengths of the exports that make sockets', (net) =>
      ['Socket', 'connect', 'createConnection', '_normalizeArgs', 'Stream'].map((key) => [
        key,
        net[key].length,
      ]),
    );
  },
  { traffic: false },
);
