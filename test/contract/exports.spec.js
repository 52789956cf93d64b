// What the module exports, and what its classes look like from outside: the same as node:net of the running Node.

const assert = require('node:assert/strict');
const builtin = require('node:net');
const { spawn } = require('node:child_process');
const { EventEmitter } = require('node:events');
const stream = require('node:stream');
const util = require('node:util');
const { contract, differential } = require('../support/contract.js');
const { packageRoot } = require('../support/transports.js');
const { when, pair, nodeMajor } = require('../support/sockets.js');

const NAMES = [
  'BlockList',
  'Server',
  'Socket',
  'SocketAddress',
  'Stream',
  '_createServerHandle',
  '_normalizeArgs',
  'connect',
  'createConnection',
  'createServer',
  'getDefaultAutoSelectFamily',
  'getDefaultAutoSelectFamilyAttemptTimeout',
  'isIP',
  'isIPv4',
  'isIPv6',
  'setDefaultAutoSelectFamily',
  'setDefaultAutoSelectFamilyAttemptTimeout',
];

contract(
  'exports',
  ({ net, it, transport }) => {
    it('have the names of node:net of this Node, all enumerable', () => {
      const names = Object.keys(net).sort();
      assert.deepEqual(names, Object.keys(builtin).sort());
      for (const name of NAMES) assert.ok(names.includes(name), name);
      if (nodeMajor < 24) assert.ok(names.includes('_setSimultaneousAccepts'));
      assert.deepEqual(Object.getOwnPropertyNames(net).sort(), names);
    });

    it('are of the same types, names and lengths', () => {
      for (const name of Object.keys(builtin)) {
        assert.equal(typeof net[name], typeof builtin[name], name);
        if (typeof builtin[name] !== 'function') continue;
        assert.deepEqual(
          [net[name].name, net[name].length],
          [builtin[name].name, builtin[name].length],
          name,
        );
      }
    });

    it('can be replaced by a test double, as those of node:net', () => {
      for (const name of Object.keys(builtin)) {
        const descriptor = Object.getOwnPropertyDescriptor(net, name);
        assert.equal(descriptor.enumerable, true, name);
        assert.equal(descriptor.configurable, true, name);
        if (Object.getOwnPropertyDescriptor(builtin, name).writable)
          assert.equal(descriptor.writable, true, name);
      }
    });

    it('have aliases', () => {
      assert.equal(net.Stream, net.Socket);
      assert.equal(net.createConnection, net.connect);
    });

    it('BlockList and SocketAddress are those that the other modules check for', () => {
      assert.equal(new net.BlockList() instanceof builtin.BlockList, true);
      assert.equal(new net.SocketAddress() instanceof builtin.SocketAddress, true);
      if (nodeMajor >= 22) assert.equal(builtin.BlockList.isBlockList(new net.BlockList()), true);
    });

    it('isIP, isIPv4 and isIPv6 answer as in node:net', () => {
      for (const text of [
        '127.0.0.1',
        '::1',
        'fe80::1%lo',
        '1.2.3',
        '01.2.3.4',
        '256.1.1.1',
        '',
        'localhost',
        '::ffff:1.2.3.4',
        '::1/64',
        ' 1.2.3.4',
        undefined,
        null,
        1,
        {},
        { toString: () => '127.0.0.1' },
      ]) {
        for (const name of ['isIP', 'isIPv4', 'isIPv6'])
          assert.equal(net[name](text), builtin[name](text), `${name}(${text})`);
      }
      assert.deepEqual([net.isIP('127.0.0.1'), net.isIP('::1'), net.isIP('x')], [4, 6, 0]);
    });

    it('the defaults of autoSelectFamily are those of node:net itself', () => {
      const family = builtin.getDefaultAutoSelectFamily();
      const timeout = builtin.getDefaultAutoSelectFamilyAttemptTimeout();
      assert.equal(net.getDefaultAutoSelectFamily(), family);
      assert.equal(net.getDefaultAutoSelectFamilyAttemptTimeout(), timeout);
      try {
        net.setDefaultAutoSelectFamily(!family);
        net.setDefaultAutoSelectFamilyAttemptTimeout(1);
        assert.equal(builtin.getDefaultAutoSelectFamily(), !family);
        assert.equal(builtin.getDefaultAutoSelectFamilyAttemptTimeout(), 10);
        builtin.setDefaultAutoSelectFamilyAttemptTimeout(321);
        assert.equal(net.getDefaultAutoSelectFamilyAttemptTimeout(), 321);
      } finally {
        builtin.setDefaultAutoSelectFamily(family);
        builtin.setDefaultAutoSelectFamilyAttemptTimeout(timeout);
      }
      for (const value of [undefined, 1, 'true']) {
        assert.throws(() => net.setDefaultAutoSelectFamily(value), { code: 'ERR_INVALID_ARG_TYPE' });
      }
      assert.throws(() => net.setDefaultAutoSelectFamilyAttemptTimeout('1'), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
      assert.throws(() => net.setDefaultAutoSelectFamilyAttemptTimeout(0), { code: 'ERR_OUT_OF_RANGE' });
    });

    it('are all there as named imports of an ES module', async () => {
      const source = `
      import net, { ${Object.keys(builtin).join(', ')} } from '${transport.ours ? 'iocp-net' : 'node:net'}';
      import * as all from '${transport.ours ? 'iocp-net' : 'node:net'}';
      const named = { ${Object.keys(builtin).join(', ')} };
      const same = Object.keys(named).filter((name) => named[name] === net[name] && all[name] === net[name]);
      console.log(JSON.stringify([same, typeof all.default.createServer, Object.keys(all).length]));`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
        cwd: packageRoot,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk) => (out += chunk));
      child.stderr.on('data', (chunk) => (err += chunk));
      const [code] = await when(child, 'close');
      assert.deepEqual({ code, err }, { code: 0, err: '' });
      const [same, type, count] = JSON.parse(out);
      assert.deepEqual(same, Object.keys(builtin));
      assert.equal(type, 'function');
      assert.ok(count > same.length);
    });

    it('_normalizeArgs makes what connect and listen take', () => {
      const callback = () => {};
      for (const [args, expected] of [
        [[], [{}, null]],
        [[80], [{ port: 80 }, null]],
        [
          [80, 'host', callback],
          [{ port: 80, host: 'host' }, callback],
        ],
        [
          ['80', callback],
          [{ port: '80' }, callback],
        ],
        [['/path'], [{ path: '/path' }, null]],
        [
          [{ port: 1 }, callback],
          [{ port: 1 }, callback],
        ],
        [
          [80, 5],
          [{ port: 80 }, null],
        ],
      ]) {
        const normalized = net._normalizeArgs(args);
        assert.deepEqual([...normalized], expected);
        assert.deepEqual(Object.getOwnPropertySymbols(normalized).map(String), ['Symbol(normalizedArgs)']);
      }
    });
  },
  { traffic: false },
);

contract('classes', ({ net, it, ours }) => {
  it('inherit from Duplex and EventEmitter', () => {
    assert.equal(Object.getPrototypeOf(net.Socket), stream.Duplex);
    assert.equal(Object.getPrototypeOf(net.Server), EventEmitter);
    assert.ok(net.Socket.prototype instanceof stream.Duplex);
    assert.ok(net.Server.prototype instanceof EventEmitter);
    assert.equal(net.Socket.prototype.constructor, net.Socket);
    assert.equal(net.Server.prototype.constructor, net.Server);
  });

  it('can be called without new and through call', () => {
    assert.ok(net.Socket() instanceof net.Socket);
    assert.ok(net.Server() instanceof net.Server);
    function OldSocket() {
      net.Socket.call(this, { allowHalfOpen: true });
    }
    util.inherits(OldSocket, net.Socket);
    const socket = new OldSocket();
    assert.ok(socket instanceof net.Socket && socket instanceof stream.Duplex);
    assert.equal(socket.allowHalfOpen, true);
    function OldServer() {
      net.Server.call(this, { pauseOnConnect: true });
    }
    util.inherits(OldServer, net.Server);
    assert.equal(new OldServer().pauseOnConnect, true);
    assert.ok(new (class extends net.Socket {})() instanceof net.Socket);
    assert.ok(new (class extends net.Server {})() instanceof net.Server);
  });

  it('are instances of the classes of node:net to whoever asks', async () => {
    const { server, client, accepted, finish } = await pair(net);
    for (const socket of [client, accepted, new net.Socket(), new (class extends net.Socket {})()]) {
      assert.ok(socket instanceof net.Socket);
      assert.ok(socket instanceof builtin.Socket);
      assert.ok(socket instanceof stream.Duplex);
      assert.ok(socket instanceof stream.Readable);
      assert.ok(socket instanceof stream.Writable);
      assert.ok(socket instanceof EventEmitter);
      assert.equal(socket instanceof builtin.Server, false);
    }
    for (const one of [server, new net.Server(), new (class extends net.Server {})()]) {
      assert.ok(one instanceof net.Server);
      assert.ok(one instanceof builtin.Server);
      assert.ok(one instanceof EventEmitter);
      assert.equal(one instanceof net.Socket, false);
    }
    await finish();
  });

  it('know the sockets and servers of node:net as theirs, and nothing else', () => {
    assert.ok(new builtin.Socket() instanceof net.Socket);
    assert.ok(new builtin.Server() instanceof net.Server);
    for (const other of [{}, null, undefined, 1, 'x', () => {}, new stream.Duplex(), new EventEmitter()]) {
      assert.equal(other instanceof net.Socket, false);
      assert.equal(other instanceof net.Server, false);
      assert.equal(other instanceof builtin.Socket, false);
      assert.equal(other instanceof builtin.Server, false);
    }
    class Mine extends net.Socket {}
    assert.equal(new net.Socket() instanceof Mine, false);
    assert.ok(new Mine() instanceof Mine);
  });

  it('getters do not throw on the bare prototype', () => {
    for (const [prototype, reference] of [
      [net.Socket.prototype, builtin.Socket.prototype],
      [net.Server.prototype, builtin.Server.prototype],
    ]) {
      for (const name of Object.getOwnPropertyNames(reference)) {
        const { get } = Object.getOwnPropertyDescriptor(reference, name);
        if (get === undefined) continue;
        let expected;
        try {
          expected = reference[name];
        } catch (error) {
          assert.throws(() => prototype[name], { name: error.name }, name);
          continue;
        }
        assert.deepEqual(prototype[name], expected, name);
      }
    }
  });

  it('print as in node:net', () => {
    assert.match(util.inspect(new net.Socket(), { depth: 0 }), /^Socket \{/);
    assert.match(util.inspect(new net.Server(), { depth: 0 }), /^Server \{/);
    assert.equal(typeof ours, 'boolean');
  });
});

differential(
  'classes',
  ({ same }) => {
    const shape = (object) =>
      Object.fromEntries(
        Object.getOwnPropertyNames(object)
          .sort()
          .map((name) => {
            const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(object, name);
            const parts = get || set ? { get: typeof get, set: typeof set } : { type: typeof value };
            if (typeof value === 'function') Object.assign(parts, { name: value.name, length: value.length });
            return [name, { ...parts, ...flags }];
          }),
      );

    same('properties of Socket.prototype', async (net) => shape(net.Socket.prototype));
    same('properties of Server.prototype', async (net) => shape(net.Server.prototype));
    same('for-in over a new socket', async (net) => {
      const names = [];
      for (const name in new net.Socket()) names.push(name);
      return names;
    });
    same('for-in over a new server', async (net) => {
      const names = [];
      for (const name in new net.Server()) names.push(name);
      return names;
    });
    same('own fields of a new socket and their values', async (net) => {
      const socket = new net.Socket();
      const simple = [
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
        'resetAndClosing',
        '_handle',
        '_peername',
      ];
      return simple.map((name) => [name, Object.hasOwn(socket, name), String(socket[name])]);
    });
    same('own fields of a new server and their values', async (net) => {
      const server = new net.Server();
      return Object.getOwnPropertyNames(server)
        .sort()
        .map((name) => [name, typeof server[name]]);
    });
    same('well-known symbols on the prototypes', async (net) =>
      [net.Socket, net.Server].map((Class) =>
        ['asyncDispose', 'asyncIterator', 'dispose']
          .map((name) => {
            const symbol = Symbol[name] ?? Symbol.for(`nodejs.${name}`);
            return [name, symbol in Class.prototype, Object.hasOwn(Class.prototype, symbol)];
          })
          .concat([['rejection', Object.hasOwn(Class.prototype, Symbol.for('nodejs.rejection'))]]),
      ),
    );
    same('prototypes of the options: what the constructors do with odd ones', async (net) => {
      const results = [];
      for (const options of [
        undefined,
        null,
        {},
        { highWaterMark: 10 },
        { readableHighWaterMark: 3 },
        { allowHalfOpen: 1 },
      ]) {
        const socket = new net.Socket(options);
        const server = new net.Server(options);
        results.push([
          socket.readableHighWaterMark,
          socket.writableHighWaterMark,
          socket.allowHalfOpen,
          server.highWaterMark,
          server.allowHalfOpen,
        ]);
      }
      return results;
    });
  },
  { traffic: false },
);

if (nodeMajor < 24) {
  differential(
    '_setSimultaneousAccepts',
    ({ same }) => {
      same('warns once, DEP0121', async (_net, trace, transport) => {
        const { inChild } = require('../support/child.js');
        const { code, reports } = await inChild(transport, (net, report) => {
          process.on('warning', (warning) => report([warning.name, warning.code, warning.message]));
          report([net._setSimultaneousAccepts() ?? null, net._setSimultaneousAccepts() ?? null]);
        });
        assert.equal(reports.filter(([name]) => name === 'DeprecationWarning').length, 1);
        trace.push('child', code, reports);
      });
    },
    { traffic: false },
  );
}
