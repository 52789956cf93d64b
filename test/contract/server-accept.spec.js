// What a server does with a connection: its limits, the options it hands on, the fields of the accepted socket.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const stream = require('node:stream');
const { contract, differential } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const {
  when,
  until,
  turns,
  listening,
  close,
  closed,
  noteClose,
  pair,
  hasIPv6,
  nodeMajor,
} = require('../support/sockets.js');

contract('server: the accepted socket', ({ net, it }) => {
  it('is an open socket that knows its server and both ends', async () => {
    const server = await listening(net);
    let self;
    server.once('connection', function () {
      self = this;
    });
    const arrives = when(server, 'connection');
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    const connects = when(client, 'connect');
    const [accepted, ...more] = await arrives;
    noteClose(accepted).on('connect', () => assert.fail("an accepted socket has no 'connect'"));
    assert.equal(self, server);
    assert.deepEqual(more, []);
    await connects;
    assert.ok(accepted instanceof net.Socket);
    assert.ok(accepted instanceof stream.Duplex);
    assert.equal(accepted.server, server);
    assert.equal(accepted._server, server);
    assert.equal(client.server, null);
    assert.deepEqual(
      [accepted.connecting, accepted.pending, accepted.readyState, accepted.destroyed],
      [false, false, 'open', false],
    );
    assert.deepEqual(
      [accepted.localAddress, accepted.localPort, accepted.localFamily],
      ['127.0.0.1', server.address().port, 'IPv4'],
    );
    assert.deepEqual(accepted.address(), {
      address: '127.0.0.1',
      port: server.address().port,
      family: 'IPv4',
    });
    assert.deepEqual(
      [accepted.remoteAddress, accepted.remotePort, accepted.remoteFamily],
      ['127.0.0.1', client.localPort, 'IPv4'],
    );
    assert.equal(client.remotePort, server.address().port);
    assert.deepEqual([accepted.bytesRead, accepted.bytesWritten], [0, 0]);
    client.destroy();
    accepted.resume();
    await Promise.all([closed(client), closed(accepted)]);
    assert.equal(accepted.server, server);
    await close(server);
  });

  it('belongs to whoever took it in several servers of one process', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => listening(net, {}, (socket) => socket.end())));
    for (const server of servers) {
      const arrives = when(server, 'connection');
      const client = net.connect(server.address().port, '127.0.0.1').resume();
      const [accepted] = await arrives;
      assert.equal(accepted.server, server);
      await when(client, 'close');
    }
    await Promise.all(servers.map(close));
  });

  it('is destroyed without harm when nobody listens for connections', async () => {
    const server = await listening(net);
    const client = net.connect(server.address().port, '127.0.0.1');
    await when(client, 'connect');
    await until(() => server._connections === 1, 'the accept');
    client.end();
    client.resume();
    await when(client, 'close');
    await close(server);
  });

  for (const allowHalfOpen of [false, true]) {
    it(`ends by itself after the peer's end unless allowHalfOpen (${allowHalfOpen})`, async () => {
      const { server, client, accepted, finish } = await pair(net, { server: { allowHalfOpen } });
      assert.equal(server.allowHalfOpen, allowHalfOpen);
      assert.equal(accepted.allowHalfOpen, allowHalfOpen);
      const texts = [];
      client.on('data', (chunk) => texts.push(String(chunk)));
      accepted.resume();
      client.end();
      await when(accepted, 'end');
      if (allowHalfOpen) {
        await turns(5);
        assert.equal(accepted.readyState, 'writeOnly');
        accepted.end('after your end');
      }
      await Promise.all([closed(client), closed(accepted)]);
      assert.deepEqual(texts, allowHalfOpen ? ['after your end'] : []);
      await finish();
    });
  }

  it('has the high-water mark of its server', async () => {
    for (const [given, expected] of [
      [1024, 1024],
      [0, 0],
      [-1, stream.getDefaultHighWaterMark(false)],
      [undefined, stream.getDefaultHighWaterMark(false)],
    ]) {
      const { server, accepted, finish } = await pair(net, { server: { highWaterMark: given } });
      assert.equal(server.highWaterMark, expected);
      assert.deepEqual(
        [accepted.readableHighWaterMark, accepted.writableHighWaterMark],
        [expected, expected],
      );
      await finish();
    }
  });

  it('holds back the bytes of a connection with pauseOnConnect until it is resumed', async () => {
    const server = await listening(net, { pauseOnConnect: true });
    assert.equal(server.pauseOnConnect, true);
    const arrives = when(server, 'connection');
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    const finishes = when(client, 'finish');
    client.end('already sent').resume();
    const [accepted] = await arrives;
    noteClose(accepted);
    assert.deepEqual([accepted.isPaused(), accepted.readableFlowing], [true, false]);
    const seen = [];
    accepted.on('data', (chunk) => seen.push(String(chunk)));
    await finishes;
    await turns(20);
    assert.deepEqual([seen, accepted.bytesRead, accepted.readableLength], [[], 0, 0]);
    accepted.resume();
    await Promise.all([closed(client), closed(accepted)]);
    assert.equal(seen.join(''), 'already sent');
    await close(server);
  });

  it('reads at once when it is not paused: a first read waits for nobody', async () => {
    const server = await listening(net);
    const arrives = when(server, 'connection');
    const client = net.connect(server.address().port, '127.0.0.1');
    client.end('buffered');
    const [accepted] = await arrives;
    assert.equal(accepted.readableFlowing, null);
    await until(() => accepted.bytesRead === 8, 'the read without a listener');
    assert.equal(String(accepted.read()), 'buffered');
    accepted.resume();
    client.resume();
    await when(client, 'close');
    await close(server);
  });
});

contract('server: maxConnections', ({ net, it }) => {
  async function offered(maxConnections, count) {
    const server = await listening(net);
    server.maxConnections = maxConnections;
    const log = { connections: 0, drops: [] };
    server.on('connection', () => log.connections++);
    server.on('drop', (...args) => log.drops.push(args));
    const clients = [];
    for (let n = 1; n <= count; n++) {
      const client = noteClose(net.connect(server.address().port, '127.0.0.1')).resume();
      clients.push(client);
      await when(client, 'connect');
      await until(() => log.connections + log.drops.length === n, 'the answer of the server');
      log.last = { localPort: server.address().port, remotePort: client.localPort };
      if (log.drops.length > 0) await closed(client);
    }
    assert.equal(server._connections, log.connections);
    for (const client of clients) client.destroy();
    await Promise.all(clients.map(closed));
    await close(server);
    return log;
  }

  const dropsAll = (count) => [0, count];
  const dropsNone = (count) => [count, 0];
  for (const [title, limit, expected] of [
    ['1', 1, (count) => [1, count - 1]],
    ['2', 2, (count) => [2, count - 2]],
    ["'1'", '1', (count) => [1, count - 1]],
    // Node 20 takes 0 for "no limit".
    ['0', 0, nodeMajor >= 22 ? dropsAll : dropsNone],
    ['-1', -1, dropsAll],
    ['undefined', undefined, dropsNone],
    ['null', null, dropsNone],
    ['NaN', Number.NaN, dropsNone],
    ['Infinity', Infinity, dropsNone],
  ]) {
    it(`${title} of 4 connections`, async () => {
      const { connections, drops } = await offered(limit, 4);
      assert.deepEqual([connections, drops.length], expected(4));
    });
  }

  it("reports in 'drop' who was turned away", async () => {
    const { drops, last } = await offered(1, 2);
    assert.equal(drops.length, 1);
    const [[data, ...more]] = drops;
    assert.deepEqual(more, []);
    assert.equal(Object.getPrototypeOf(data), null);
    assert.deepEqual(
      { ...data },
      {
        localAddress: '127.0.0.1',
        localPort: last.localPort,
        localFamily: 'IPv4',
        remoteAddress: '127.0.0.1',
        remotePort: last.remotePort,
        remoteFamily: 'IPv4',
      },
    );
    assert.deepEqual(Object.keys(data), [
      'localAddress',
      'localPort',
      'localFamily',
      'remoteAddress',
      'remotePort',
      'remoteFamily',
    ]);
  });

  it('lets a new connection in as soon as one has gone', async () => {
    const server = await listening(net, {}, (socket) => socket.resume());
    server.maxConnections = 1;
    server.on('drop', () => assert.fail('dropped'));
    for (let n = 0; n < 5; n++) {
      const client = net.connect(server.address().port, '127.0.0.1').resume();
      await when(client, 'connect');
      await until(() => server._connections === 1, 'the accept');
      client.end();
      await when(client, 'close');
      await until(() => server._connections === 0, 'its end');
    }
    await close(server);
  });
});

if (nodeMajor >= 22) {
  contract('server: blockList', ({ net, it }) => {
    it('closes a blocked peer without an event, and lets the others in', async () => {
      const blockList = new net.BlockList();
      blockList.addAddress('127.0.0.1');
      const server = await listening(net, { blockList }, (socket) => socket.end('in'));
      assert.equal(server.blockList, blockList);
      server.on('connection', () => assert.equal(blockList.check('127.0.0.1'), false));
      server.on('drop', () => assert.fail('dropped'));
      const ask = async () => {
        const client = net.connect(server.address().port, '127.0.0.1');
        let text = '';
        client.on('data', (chunk) => (text += chunk));
        await when(client, 'close');
        return text;
      };
      assert.equal(await ask(), '');
      server.blockList = new net.BlockList();
      blockList.check = () => false;
      assert.equal(await ask(), 'in');
      await close(server);
    });

    it('recognises an IPv4 peer by its mapped IPv6 address', async () => {
      if (!(await hasIPv6(net))) return assert.equal(nodeMajor >= 22, true);
      const blockList = new net.BlockList();
      blockList.addSubnet('127.0.0.0', 8);
      const server = await listening(net, { blockList }, () => assert.fail('let in'), {
        port: 0,
        host: '::',
      });
      const client = net.connect(server.address().port, '127.0.0.1').resume();
      await when(client, 'close');
      await close(server);
    });
  });
}

contract('server: noDelay and keepAlive', ({ net, it }) => {
  it('are fields of the server, in seconds for the delay', () => {
    const server = net.createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 2_500 });
    assert.deepEqual([server.noDelay, server.keepAlive, server.keepAliveInitialDelay], [true, true, 2]);
    const plain = net.createServer();
    assert.deepEqual([plain.noDelay, plain.keepAlive, plain.keepAliveInitialDelay], [false, false, 0]);
    assert.equal(net.createServer({ keepAliveInitialDelay: -1 }).keepAliveInitialDelay, 0);
  });

  it('leave the connection working', async () => {
    const { client, accepted, finish } = await pair(net, {
      server: { noDelay: true, keepAlive: true, keepAliveInitialDelay: 1_000 },
    });
    accepted.pipe(accepted);
    client.write('a');
    assert.equal(String((await when(client, 'data'))[0]), 'a');
    await finish();
  });

  if (process.platform === 'linux') {
    /** The timer of a connection as the kernel shows it: '02' and the time left, when keep-alive is on. */
    const kernelTimer = (socket) => {
      const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
      const line = fs
        .readFileSync('/proc/net/tcp', 'utf8')
        .split('\n')
        .map((row) => row.trim().split(/\s+/))
        .find(
          (f) => f[1]?.endsWith(`:${hex(socket.localPort)}`) && f[2]?.endsWith(`:${hex(socket.remotePort)}`),
        );
      const [kind, left] = line[5].split(':');
      return { kind, seconds: Number.parseInt(left, 16) / 100 };
    };

    it('keepAlive arms the timer of the kernel with the delay given', async () => {
      for (const [options, expected] of [
        [{ keepAlive: true, keepAliveInitialDelay: 100_000 }, 100],
        [{ keepAlive: true, keepAliveInitialDelay: 50_999 }, 50],
        [{ keepAlive: false, keepAliveInitialDelay: 100_000 }, null],
        [{}, null],
      ]) {
        const { accepted, finish } = await pair(net, { server: options });
        const { kind, seconds } = kernelTimer(accepted);
        if (expected === null) assert.equal(kind, '00');
        else {
          assert.equal(kind, '02');
          assert.equal(Math.ceil(seconds / 10) * 10, Math.ceil(expected / 10) * 10);
        }
        await finish();
      }
    });
  }
});

contract(
  'server: listeners that fail',
  ({ it, transport }) => {
    it('a throwing connection listener is an uncaught exception and the server lives on', async () => {
      const { code, reports, stderr } = await inChild(transport, (net_, report) => {
        let arrived = 0;
        process.on('uncaughtException', (error) => report(error.message));
        const server = net_.createServer((socket) => {
          socket.resume();
          if (++arrived === 6) server.close();
          throw new Error(`of connection ${arrived}`);
        });
        server.listen(0, '127.0.0.1', () => {
          for (let n = 0; n < 6; n++) {
            net_
              .connect(server.address().port, '127.0.0.1', function () {
                this.end();
              })
              .resume();
          }
        });
      });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      assert.deepEqual(
        reports,
        [1, 2, 3, 4, 5, 6].map((n) => `of connection ${n}`),
      );
    });

    it('captureRejections: a rejected connection listener destroys the socket with the error', async () => {
      const { code, reports, stderr } = await inChild(transport, (net_, report) => {
        require('node:events').captureRejections = true;
        const server = net_.createServer(async (socket) => {
          socket.on('error', (error) => report(['error', error.message]));
          socket.on('close', (hadError) => report(['close', hadError]));
          throw new Error('rejected');
        });
        server.listen(0, '127.0.0.1', () => {
          const client = net_.connect(server.address().port, '127.0.0.1').resume();
          client.on('close', (hadError) => {
            report(['client closed', hadError]);
            server.close();
          });
        });
      });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      // Which of the two ends gets its 'close' first is up to the system.
      assert.deepEqual(
        reports.filter(([what]) => what !== 'client closed'),
        [
          ['error', 'rejected'],
          ['close', true],
        ],
      );
      assert.deepEqual(
        reports.filter(([what]) => what === 'client closed'),
        [['client closed', false]],
      );
    });

    it("captureRejections: any other rejected listener is an 'error' of the server", async () => {
      const { code, reports, stderr } = await inChild(transport, (net_, report) => {
        require('node:events').captureRejections = true;
        const server = net_.createServer();
        server.on('error', (error) => report(error.message));
        server.listen(0, '127.0.0.1', async () => {
          server.close();
          throw new Error('rejected while listening');
        });
      });
      assert.deepEqual(
        { code, reports, stderr },
        { code: 0, reports: ['rejected while listening'], stderr: '' },
      );
    });
  },
  { traffic: false },
);

differential('server: order of an arrival', ({ same }) => {
  same('drop', async (net, trace) => {
    const server = await listening(net);
    trace.watch('S', server, ['connection', 'drop', 'close']);
    server.maxConnections = 1;
    trace.alias(server.address().port, 'port');
    const first = noteClose(net.connect(server.address().port, '127.0.0.1').resume());
    await when(first, 'connect');
    const second = noteClose(net.connect(server.address().port, '127.0.0.1').resume());
    second.once('connect', () => trace.alias(second.localPort, 'client'));
    trace.watch('C', second, ['connect', 'end', 'error', 'close']);
    const [data] = await when(server, 'drop');
    trace.alias(data.remotePort, 'client');
    await closed(second);
    trace.entries = trace.entries.map((entry) => trace.plain(entry));
    first.end();
    await closed(first);
    await close(server);
  });

  same('several connections in one turn arrive in the order of connect', async (net, trace) => {
    const server = await listening(net);
    const ports = [];
    server.on('connection', (socket) => {
      ports.push(socket.remotePort);
      socket.end();
    });
    const clients = Array.from({ length: 8 }, () => net.connect(server.address().port, '127.0.0.1').resume());
    const order = [];
    for (const client of clients) client.on('connect', () => order.push(client.localPort));
    await Promise.all(clients.map((client) => when(client, 'close')));
    assert.equal(ports.length, 8);
    trace.push('connect order is arrival order', ports.join() === order.join());
    await close(server);
  });

  same('ticks and microtasks between two connections of one turn', async (net, trace) => {
    const server = await listening(net);
    let n = 0;
    server.on('connection', (socket) => {
      const id = ++n;
      trace.push(`connection ${id}`);
      process.nextTick(() => trace.push(`tick ${id}`));
      Promise.resolve().then(() => trace.push(`microtask ${id}`));
      socket.end();
    });
    const clients = Array.from({ length: 3 }, () => net.connect(server.address().port, '127.0.0.1').resume());
    await Promise.all(clients.map((client) => when(client, 'close')));
    await close(server);
  });
});
