// Server.listen(): its overloads, what it says and when.

const assert = require('node:assert/strict');
const dns = require('node:dns');
const fs = require('node:fs');
const { inChild } = require('../support/child.js');
const { contract, differential } = require('../support/contract.js');
const {
  when,
  turn,
  turns,
  listening,
  close,
  deferred,
  freePort,
  within,
  hasIPv6,
  nodeMajor,
} = require('../support/sockets.js');

const FAMILIES = { '::': 'IPv6', '0.0.0.0': 'IPv4' };

/** Connects, waits for the answer and the close; throws the error of a connect that fails. */
async function reach(net, options) {
  const socket = net.connect(options);
  socket.resume();
  const failure = deferred();
  socket.once('error', failure.resolve);
  const error = await Promise.race([failure.promise, when(socket, 'close').then(() => null)]);
  if (error === null) return;
  await when(socket, 'close');
  throw error;
}

contract('server.listen: arguments', ({ net, it }) => {
  /** Listens with the arguments, requires that the server is reached, hands back its address. */
  async function listens(args, host = 'localhost') {
    const server = net.createServer((socket) => socket.end());
    const emitted = when(server, 'listening');
    assert.equal(server.listen(...args), server);
    await emitted;
    const address = server.address();
    await reach(net, { port: address.port, host });
    await close(server);
    return address;
  }

  function anyAddress(address) {
    assert.equal(FAMILIES[address.address], address.family, JSON.stringify(address));
    assert.ok(address.port > 0);
    assert.deepEqual(Object.keys(address), ['address', 'family', 'port']);
  }

  const free = {
    'listen()': [],
    'listen(undefined)': [undefined],
    'listen(null)': [null],
    'listen(0)': [0],
    "listen('0')": ['0'],
    "listen('0x0')": ['0x0'],
    'listen({ port: 0 })': [{ port: 0 }],
    'listen({ port: undefined })': [{ port: undefined }],
    'listen({ port: null })': [{ port: null }],
    "listen({ port: '0' })": [{ port: '0' }],
    'listen(0, 5)': [0, 5],
    'listen(0, undefined)': [0, undefined],
    'listen(0, null)': [0, null],
    'listen(0, null, 5)': [0, null, 5],
    "listen(0, '')": [0, ''],
    'listen(null, undefined, null)': [null, undefined, null],
    'listen({ port: 0, backlog: 5 })': [{ port: 0, backlog: 5 }],
    "listen({ port: 0, host: '' })": [{ port: 0, host: '' }],
    'listen({ port: 0, host: undefined })': [{ port: 0, host: undefined }],
    'listen({ port: 0, exclusive: true })': [{ port: 0, exclusive: true }],
    'listen({ port: 0, exclusive: false })': [{ port: 0, exclusive: false }],
    "listen({ port: 0, path: 'not used' })": [{ port: 0, path: 'not used' }],
  };
  for (const [title, args] of Object.entries(free)) {
    it(`${title} takes any free port of the unspecified address`, async () => {
      anyAddress(await listens(args));
    });
    it(`${title.replace(/\)$/, args.length === 0 ? 'cb)' : ', cb)')} calls back on 'listening'`, async () => {
      const called = deferred();
      const address = await listens([
        ...args,
        function (...parameters) {
          called.resolve([this, parameters]);
        },
      ]);
      anyAddress(address);
      const [self, parameters] = await within(called.promise, 'the callback');
      assert.ok(self instanceof net.Server);
      assert.deepEqual(parameters, []);
    });
  }

  const loopback = {
    "listen(0, '127.0.0.1')": [0, '127.0.0.1'],
    "listen('0', '127.0.0.1')": ['0', '127.0.0.1'],
    "listen(0, '127.0.0.1', 5)": [0, '127.0.0.1', 5],
    "listen(0, '127.0.0.1', undefined)": [0, '127.0.0.1', undefined],
    "listen({ port: 0, host: '127.0.0.1' })": [{ port: 0, host: '127.0.0.1' }],
    "listen({ port: 0, host: '127.0.0.1', backlog: 5, exclusive: true })": [
      { port: 0, host: '127.0.0.1', backlog: 5, exclusive: true },
    ],
  };
  for (const [title, args] of Object.entries(loopback)) {
    it(`${title} takes a free port of that address`, async () => {
      const { address, family, port } = await listens(args, '127.0.0.1');
      assert.deepEqual([address, family], ['127.0.0.1', 'IPv4']);
      assert.ok(port > 0);
    });
  }

  for (const form of ['number', 'decimal text', 'hexadecimal text', 'option', 'option as text']) {
    it(`takes the port asked for: ${form}`, async () => {
      const port = await freePort(net);
      const args = {
        number: [port, '127.0.0.1'],
        'decimal text': [String(port), '127.0.0.1'],
        'hexadecimal text': [`0x${port.toString(16)}`, '127.0.0.1'],
        option: [{ port, host: '127.0.0.1' }],
        'option as text': [{ port: String(port), host: '127.0.0.1' }],
      }[form];
      assert.equal((await listens(args, '127.0.0.1')).port, port);
    });
  }

  it("listens on ::1 when host is '::1'", async () => {
    if (!(await hasIPv6(net))) return assert.rejects(listens([0, '::1'], '::1'));
    const { address, family } = await listens([0, '::1'], '::1');
    assert.deepEqual([address, family], ['::1', 'IPv6']);
  });

  it('looks a host name up', async () => {
    const { address } = await listens([0, 'localhost']);
    assert.ok(['127.0.0.1', '::1'].includes(address), address);
  });

  it('calls back once, also when the server listens again', async () => {
    let calls = 0;
    const server = net.createServer().listen(0, () => calls++);
    await when(server, 'listening');
    await close(server);
    server.listen(0);
    await when(server, 'listening');
    await close(server);
    assert.equal(calls, 1);
  });

  it('has a server from Server() without new, from a subclass and from util.inherits', async () => {
    class Derived extends net.Server {}
    function Inheriting() {
      net.Server.call(this, { allowHalfOpen: true });
    }
    Object.setPrototypeOf(Inheriting.prototype, net.Server.prototype);
    for (const server of [net.Server(), new Derived(), new Inheriting()]) {
      server.on('connection', (socket) => socket.end());
      server.listen(0, '127.0.0.1');
      await when(server, 'listening');
      await reach(net, server.address().port);
      await close(server);
    }
  });

  it('shares the handle of another server that listens', async () => {
    let onFirst = 0;
    const first = await listening(net, {}, () => onFirst++);
    const second = net.createServer((socket) => socket.end());
    second.listen(first);
    await when(second, 'listening');
    assert.deepEqual(second.address(), first.address());
    await reach(net, first.address().port);
    assert.equal(onFirst, 0);
    await close(second);
    first.close();
    await turns(2);
  });
});

contract('server.listen: state and time', ({ net, it }) => {
  it('listens at once without a host, and says so on the next tick, in its turn', async () => {
    const order = [];
    const server = net.createServer();
    server.on('listening', () => order.push('listening'));
    process.nextTick(() => order.push('a tick queued before listen'));
    assert.equal(server.listening, false);
    assert.equal(server.address(), null);
    server.listen(0, () => order.push('callback'));
    process.nextTick(() => order.push('a tick queued after listen'));
    assert.equal(server.listening, true);
    assert.ok(server.address().port > 0);
    assert.deepEqual(order, []);
    await turn();
    assert.deepEqual(order, [
      'a tick queued before listen',
      'listening',
      'callback',
      'a tick queued after listen',
    ]);
    await close(server);
  });

  it('does not listen before a host is looked up, even an address', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    assert.equal(server.listening, false);
    assert.equal(server.address(), null);
    await when(server, 'listening');
    assert.equal(server.listening, true);
    await close(server);
    assert.equal(server.listening, false);
    assert.equal(server.address(), null);
  });

  it('throws ERR_SERVER_ALREADY_LISTEN on a second listen and goes on listening', async () => {
    const server = await listening(net, {}, (socket) => socket.end());
    const before = server.address();
    assert.throws(() => server.listen(0), {
      name: 'Error',
      code: 'ERR_SERVER_ALREADY_LISTEN',
      message: 'Listen method has been called more than once without closing.',
    });
    assert.deepEqual(server.address(), before);
    await reach(net, before.port);
    await close(server);
  });

  it('lets the last of two calls win while a lookup is under way', async () => {
    const server = net.createServer();
    let emitted = 0;
    const calls = [];
    server.on('listening', () => emitted++);
    server.listen(0, '127.0.0.1', () => calls.push('first'));
    server.listen(0, '127.0.0.1', () => calls.push('second'));
    await when(server, 'listening');
    await turns(3);
    assert.equal(emitted, 1);
    assert.deepEqual(calls, ['first', 'second']);
    await close(server);
  });

  for (const host of [undefined, '127.0.0.1', 'localhost']) {
    it(`never listens when it is closed in the same turn (host ${host})`, async () => {
      const server = net.createServer();
      server.on('listening', () => assert.fail('it listens'));
      server.listen({ port: 0, host });
      const result = deferred();
      server.close(result.resolve);
      const error = await within(result.promise, 'the callback of close');
      assert.equal(error?.code, host === undefined ? undefined : 'ERR_SERVER_NOT_RUNNING');
      await turns(20);
      assert.equal(server.listening, false);
    });
  }

  it('listens again after close, from the close event on', async () => {
    const server = net.createServer((socket) => socket.end());
    for (let round = 0; round < 3; round++) {
      server.listen(0, '127.0.0.1');
      await when(server, 'listening');
      await reach(net, server.address().port);
      await close(server);
    }
  });

  it('listens again after an error', async () => {
    const taken = await listening(net);
    const server = net.createServer();
    server.listen(taken.address().port, '127.0.0.1');
    const [error] = await when(server, 'error');
    assert.equal(error.code, 'EADDRINUSE');
    server.listen(0, '127.0.0.1');
    await when(server, 'listening');
    await close(server);
    await close(taken);
  });

  it('takes its port again right after the close event, also after connections', async () => {
    const server = await listening(net, {}, (socket) => socket.end());
    const { port } = server.address();
    await reach(net, port);
    await close(server);
    const again = await listening(net, {}, undefined, { port, host: '127.0.0.1' });
    await close(again);
  });
});

contract('server.listen: options', ({ net, it, transport }) => {
  it('closes when the signal is aborted', async () => {
    const controller = new AbortController();
    const server = await listening(net, {}, undefined, {
      port: 0,
      host: '127.0.0.1',
      signal: controller.signal,
    });
    let calls = 0;
    server.on('close', () => calls++);
    controller.abort();
    assert.equal(server.listening, false);
    assert.equal(calls, 0);
    await when(server, 'close');
    controller.abort();
    await turns(2);
    assert.equal(calls, 1);
  });

  for (const host of [undefined, '127.0.0.1']) {
    it(`closes without having listened when the signal was aborted before (host ${host})`, async () => {
      const server = net.createServer();
      server.on('listening', () => assert.fail('it listens'));
      server.listen({ port: 0, host, signal: AbortSignal.abort() });
      await when(server, 'close');
      await turns(5);
      assert.equal(server.listening, false);
    });
  }

  it('takes an aborted signal to heart only while it listens', async () => {
    const controller = new AbortController();
    const server = await listening(net, {}, undefined, {
      port: 0,
      host: '127.0.0.1',
      signal: controller.signal,
    });
    await close(server);
    server.on('close', () => assert.fail('it is closed again'));
    controller.abort();
    await turns(2);
  });

  it('shares a port among servers with reusePort where the system can', async () => {
    const options = { port: 0, host: '127.0.0.1', reusePort: true };
    const first = net.createServer((socket) => socket.end());
    first.listen(options);
    const outcome = await Promise.race([when(first, 'listening').then(() => null), when(first, 'error')]);
    if (nodeMajor >= 22 && process.platform === 'win32') {
      assert.equal(outcome[0].code, 'ENOTSUP');
      assert.equal(outcome[0].syscall, 'listen');
      return;
    }
    assert.equal(outcome, null);
    const second = net.createServer((socket) => socket.end());
    second.listen({ ...options, port: first.address().port });
    if (nodeMajor >= 22) {
      await when(second, 'listening');
      assert.deepEqual(second.address(), first.address());
      await close(first);
      await reach(net, second.address().port);
      await close(second);
    } else {
      const [error] = await when(second, 'error');
      assert.equal(error.code, 'EADDRINUSE');
      await close(first);
    }
  });

  it('does not share a port with reusePort on one side only', async () => {
    const first = await listening(net);
    const second = net.createServer();
    second.listen({ port: first.address().port, host: '127.0.0.1', reusePort: true });
    const [error] = await when(second, 'error');
    assert.equal(error.code, nodeMajor >= 22 && process.platform === 'win32' ? 'ENOTSUP' : 'EADDRINUSE');
    await close(first);
  });

  for (const host of ['::', undefined]) {
    // Node 20 hands ipv6Only on only together with a host.
    const only = host !== undefined || nodeMajor >= 22;
    it(`listens on IPv6 alone with ipv6Only (host ${host})`, async () => {
      if (!(await hasIPv6(net))) {
        const server = net.createServer().listen({ port: 0, host: '::1', ipv6Only: true });
        await when(server, 'error');
        return;
      }
      // Somebody else's server may stand on the same port of IPv4: then on another one.
      let refused = false;
      for (let ports = 0; only && !refused && ports < 5; ports++) {
        const families = [];
        const serve = (socket) => {
          families.push(socket.remoteAddress.includes('127.0.0.1') ? 'IPv4' : 'IPv6');
          socket.end();
        };
        const server = await listening(net, {}, serve, { port: 0, host, ipv6Only: true });
        const { port } = server.address();
        await reach(net, { port, host: '::1' });
        refused = await reach(net, { port, host: '127.0.0.1' }).then(
          () => false,
          ({ code }) => code === 'ECONNREFUSED',
        );
        await close(server);
        assert.deepEqual(families, ['IPv6']);
      }
      assert.equal(refused, only);
      if (only) return;
      const server = await listening(net, {}, (socket) => socket.end(), { port: 0, host, ipv6Only: true });
      const { port } = server.address();
      await reach(net, { port, host: '::1' });
      await reach(net, { port, host: '127.0.0.1' });
      await close(server);
    });
  }

  it('sees an IPv4 peer as a mapped address on ::', async () => {
    if (!(await hasIPv6(net))) return assert.equal((await listenAny()).family, 'IPv4');
    const server = await listening(net, {}, undefined, { port: 0 });
    const arrives = when(server, 'connection');
    const client = net.connect(server.address().port, '127.0.0.1');
    const connects = when(client, 'connect');
    const [accepted] = await arrives;
    await connects;
    assert.deepEqual([accepted.remoteAddress, accepted.remoteFamily], ['::ffff:127.0.0.1', 'IPv6']);
    assert.deepEqual([accepted.localAddress, accepted.localFamily], ['::ffff:127.0.0.1', 'IPv6']);
    assert.deepEqual([client.remoteAddress, client.remoteFamily], ['127.0.0.1', 'IPv4']);
    client.end();
    accepted.resume();
    client.resume();
    await when(client, 'close');
    await close(server);

    async function listenAny() {
      const any = await listening(net, {}, undefined, { port: 0 });
      const address = any.address();
      await close(any);
      return address;
    }
  });

  it('accepts as many as the backlog lets in at once', async () => {
    const count = 200;
    let seen = 0;
    const server = await listening(
      net,
      {},
      (socket) => {
        seen++;
        socket.end();
      },
      { port: 0, host: '127.0.0.1', backlog: 511 },
    );
    const all = Array.from({ length: count }, () => reach(net, server.address().port));
    await Promise.all(all);
    assert.equal(seen, count);
    await close(server);
  });

  it('goes round link-local addresses of a lookup', async () => {
    const { lookup } = dns;
    const asked = [];
    dns.lookup = (host, options, callback) => {
      if (typeof options === 'function') {
        asked.push([host, undefined]);
        process.nextTick(options, null, '127.0.0.1', 4);
      } else {
        asked.push([host, options]);
        process.nextTick(callback, null, [
          { address: 'fe80::1', family: 6 },
          { address: '127.0.0.1', family: 4 },
        ]);
      }
    };
    try {
      const server = await listening(net, {}, undefined, { port: 0, host: 'a.name.of.ours' });
      assert.equal(server.address().address, '127.0.0.1');
      assert.deepEqual(asked, [['a.name.of.ours', nodeMajor >= 22 ? { all: true } : undefined]]);
      await close(server);
    } finally {
      dns.lookup = lookup;
    }
  });

  it('keeps the key of the connection in _connectionKey', async () => {
    const server = await listening(net);
    assert.equal(server._connectionKey, '4:127.0.0.1:0');
    await close(server);
    assert.equal(transport.net, net);
  });
});

const BAD_PORTS = [
  -1,
  65536,
  70000,
  1.5,
  Number.NaN,
  Infinity,
  '65536',
  '',
  ' ',
  '1.5',
  true,
  false,
  1n,
  Symbol('port'),
];

differential(
  'server.listen: refused arguments',
  ({ same }) => {
    const thrown = (fn) => {
      try {
        fn();
      } catch (error) {
        return error;
      }
      return 'nothing was thrown';
    };

    for (const port of BAD_PORTS) {
      const text = typeof port === 'string' ? `'${port}'` : String(port);
      same(`port ${text}`, async (net) => {
        const error = thrown(() => net.createServer().listen(port));
        const option = thrown(() => net.createServer().listen({ port }));
        assert.ok(['ERR_SOCKET_BAD_PORT', 'ERR_INVALID_ARG_VALUE'].includes(error.code), String(error));
        assert.equal(error.code, option.code);
        return [error, option];
      });
    }

    for (const [title, options] of Object.entries({
      '{}': {},
      '[]': [],
      '{ host }': { host: '127.0.0.1' },
      '{ path: 1 }': { path: 1 },
      "{ path: '' }": { path: '' },
      '{ path: undefined }': { path: undefined },
      '{ port: {} }': { port: {} },
      '{ port: [] }': { port: [] },
      "{ port: 'x' }": { port: 'x' },
      '{ fd: -1 }': { fd: -1 },
      "{ fd: '1' }": { fd: '1' },
      '{ signal: 1 }': { port: 0, signal: 1 },
      '{ signal: {} }': { port: 0, signal: {} },
    })) {
      same(`options ${title}`, async (net) => {
        const error = thrown(() => net.createServer().listen(options));
        assert.match(error.code, /^ERR_/);
        return error;
      });
    }

    for (const options of [1, 'text', true, Symbol('options'), 1n]) {
      same(`Server(${String(options)})`, async (net) => {
        const error = thrown(() => new net.Server(options));
        assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
        return error;
      });
    }

    for (const [title, options] of Object.entries({
      keepAliveInitialDelay: { keepAliveInitialDelay: '1' },
      highWaterMark: { highWaterMark: '1' },
      ...(nodeMajor >= 22 ? { blockList: { blockList: {} } } : {}),
    })) {
      same(`createServer({ ${title} }) of a wrong type`, async (net) => {
        const error = thrown(() => net.createServer(options));
        assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
        return error;
      });
    }

    same('leaves the callback of a refused listen hanging on the server', async (net) => {
      const server = net.createServer();
      const error = thrown(() => server.listen(-1, () => {}));
      return [error, server.listenerCount('listening'), server.listening];
    });
  },
  { traffic: false },
);

differential('server.listen: errors of the system', ({ same }) => {
  for (const host of ['127.0.0.1', '::1', undefined]) {
    same(`a taken port (host ${host})`, async (net, trace) => {
      if (host === '::1' && !(await hasIPv6(net))) return trace.push('no IPv6 here');
      const first = await listening(net, {}, undefined, { port: 0, host });
      const { port } = first.address();
      trace.alias(port, 'port');
      const second = net.createServer();
      trace.watch('S', second, ['listening', 'error', 'close']);
      second.listen({ port, host }, () => assert.fail('it listens'));
      trace.push('listen has returned', second.listening, second.address());
      const [error] = await when(second, 'error');
      assert.equal(error.code, 'EADDRINUSE');
      assert.equal(
        error.message,
        `listen EADDRINUSE: address already in use ${host ?? error.address}:${port}`,
      );
      assert.deepEqual(Object.keys(error), ['code', 'errno', 'syscall', 'address', 'port']);
      trace.push('after the error', second.listening, second.address());
      await turns(3);
      second.close((e) => trace.push('closed', e));
      await when(second, 'close');
      await close(first);
    });
  }

  same('a port that is taken on the unspecified address, asked for on one address', async (net, trace) => {
    const first = await listening(net, {}, undefined, { port: 0, host: '0.0.0.0' });
    const { port } = first.address();
    trace.alias(port, 'port');
    const second = net.createServer().listen(port, '127.0.0.1');
    const outcome = await Promise.race([
      when(second, 'listening').then(() => 'listening'),
      when(second, 'error'),
    ]);
    trace.push('outcome', outcome);
    if (second.listening) await close(second);
    await close(first);
  });

  same('the order of the error against ticks', async (net, trace) => {
    const first = await listening(net, {}, undefined, { port: 0 });
    const { port } = first.address();
    const second = net.createServer();
    second.on('error', () => trace.push('error'));
    process.nextTick(() => trace.push('tick before'));
    second.listen(port);
    process.nextTick(() => trace.push('tick after'));
    trace.push('sync');
    await turns(2);
    assert.equal(trace.entries.includes('error'), true);
    await close(first);
  });

  same('an address that is not ours', async (net, trace) => {
    const server = net.createServer().listen(0, '192.0.2.1');
    const [error] = await when(server, 'error');
    assert.equal(error.code, 'EADDRNOTAVAIL');
    trace.push(error, server.listening);
  });

  same('an IPv6 address that is not ours', async (net, trace) => {
    const server = net.createServer().listen(0, '2001:db8::1');
    trace.push((await when(server, 'error'))[0], server.listening);
  });

  same('a port together with an address that is not ours', async (net, trace) => {
    const server = net.createServer().listen(65001, '192.0.2.1');
    trace.push((await when(server, 'error'))[0]);
  });

  same('a host that nobody knows', async (net, trace) => {
    const server = net.createServer().listen(0, 'no.such.host.invalid');
    trace.watch('S', server, ['listening', 'error', 'close']);
    const [error] = await when(server, 'error');
    assert.equal(error.syscall, 'getaddrinfo');
    assert.equal(error.hostname, 'no.such.host.invalid');
    assert.equal(server.listening, false);
  });

  same('descriptors that cannot listen', async (net, trace) => {
    for (const fd of [9_999, fs.openSync(__filename)]) {
      const server = net.createServer().listen({ fd });
      const [error] = await when(server, 'error');
      assert.equal(error.code, 'EINVAL');
      trace.push(error, server.listening, server.address());
      if (fd !== 9_999) fs.closeSync(fd);
    }
  });

  if (process.platform !== 'win32') {
    same('a privileged port without the privilege', async (net, trace, transport) => {
      const { code, reports, stderr } = await inChild(transport, (net_, report) => {
        if (process.getuid() === 0) {
          process.setgid(65534);
          process.setuid(65534);
        }
        const server = net_.createServer().listen(81, '127.0.0.1', () => {
          report('listening');
          server.close();
        });
        server.on('error', (error) => report([error.message, { ...error }]));
      });
      assert.equal(code, 0, stderr);
      const firstFree = Number(fs.readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
      if (firstFree > 81) assert.equal(reports[0][1].code, 'EACCES');
      trace.push('child', reports);
    });
  }

  same('an error without a listener is thrown as an uncaught exception', async (net, trace, transport) => {
    const { code, stderr, reports } = await inChild(transport, (net_, report) => {
      const first = net_.createServer().listen(0, '127.0.0.1', () => {
        const { port } = first.address();
        process.on('exit', (status) => report(['exit', status]));
        process.nextTick(() => report('still running'));
        net_.createServer().listen(port, '127.0.0.1');
      });
    });
    assert.match(stderr, /Error: listen EADDRINUSE: address already in use 127\.0\.0\.1:\d+/);
    trace.push({ code, reports });
  });
});
