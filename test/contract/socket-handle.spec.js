'use strict';

// `socket._handle`: programs look at it, replace its methods, answer its connect themselves, or give it to another socket.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { contract, differential } = require('../support/contract.js');
const {
  when,
  closed,
  noteClose,
  close,
  listening,
  pair,
  turn,
  turns,
  freePort,
} = require('../support/sockets.js');

const METHODS = [
  'ref',
  'unref',
  'hasRef',
  'close',
  'reset',
  'getpeername',
  'getsockname',
  'setNoDelay',
  'setKeepAlive',
  'setTypeOfService',
  'readStart',
  'readStop',
  'shutdown',
  'connect',
  'connect6',
  'getAsyncId',
  'getProviderType',
  'asyncReset',
];
const look = (socket) => {
  const handle = socket._handle;
  if (!handle) return handle;
  return {
    class: handle.constructor.name,
    owner: handle.owner === socket,
    same: socket._handle === handle,
    reading: Boolean(handle.reading), // of a pipe it is undefined at first
    referenced: handle.hasRef(),
    open: typeof handle.fd === 'number' && handle.fd > 2,
    provider: handle.getProviderType(),
    methods: METHODS.filter((name) => typeof handle[name] === 'function'),
  };
};

/** A path for a Unix socket or a named pipe. */
function localPath() {
  const name = `iocp-net-handle-${process.pid}-${localPath.count++}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : path.join(os.tmpdir(), name);
}
localPath.count = 0;

/** Answers the connect of the handle by `answer(request, handle)`. */
function answered(net, answer, options = { port: 1, host: '127.0.0.1' }) {
  const socket = noteClose(new net.Socket({ allowHalfOpen: Boolean(options.allowHalfOpen) }));
  socket.once('connectionAttempt', () => {
    const handle = socket._handle;
    handle.connect = handle.connect6 = (request) => answer(request, handle);
    handle.readStart = handle.readStop = () => 0;
  });
  socket.connect(options);
  return socket;
}

const EVENTS = [
  'connectionAttempt',
  'connectionAttemptFailed',
  'connect',
  'ready',
  'data',
  'end',
  'finish',
  'error',
  'close',
];

differential('the handle of a socket', ({ same }) => {
  same('is there while node:net has one', async (net, trace) => {
    const server = await listening(net, {}, (accepted) => {
      trace.push('accepted', look(accepted));
      accepted.end();
    });
    const client = noteClose(new net.Socket());
    trace.push('new', look(client));
    client.connect(server.address().port, '127.0.0.1');
    trace.push('connect()', look(client));
    client.on('connectionAttempt', () => trace.push('attempt', look(client)));
    await when(client, 'connect');
    trace.push('connected', look(client));
    client.destroy();
    trace.push('destroyed', look(client));
    await closed(client);
    trace.push('closed', look(client));
    await close(server);
    return trace.lanes();
  });

  same('of a pipe', async (net, trace) => {
    const where = localPath();
    const server = await listening(
      net,
      {},
      (accepted) => {
        trace.push('accepted', look(accepted));
        accepted.end();
      },
      { path: where },
    );
    const client = net.connect(where);
    trace.push('connect()', look(client));
    client.resume();
    await when(client, 'connect');
    trace.push('connected', look(client));
    await closed(client);
    await close(server);
    return trace.lanes();
  });

  same('answers with the statuses of libuv', async (net, trace) => {
    const { client, server, accepted } = await pair(net);
    accepted.resume();
    const handle = client._handle;
    const out = {};
    const ask = () => [
      handle.getsockname({}),
      handle.getpeername({}),
      handle.setNoDelay(true),
      process.platform === 'win32' || handle.setKeepAlive(true, 10), // Wine knows no times of probes
      handle.readStop(),
      handle.readStart(),
      handle.hasRef(),
    ];
    trace.push(
      'connected',
      ask(),
      handle.getpeername(out),
      Object.keys(out),
      out.port === server.address().port,
    );
    handle.unref();
    trace.push('unref', handle.hasRef());
    handle.ref();
    trace.push('ref', handle.hasRef());
    const fresh = new net.Socket();
    fresh.on('error', () => {});
    fresh.connect({ port: 1, host: 'name.test', lookup: () => {} });
    const early = fresh._handle;
    trace.push('looking up', early.getsockname({}), early.getpeername({}), early.readStart(), early.fd);
    trace.push('options', early.setNoDelay(true), early.setKeepAlive(true, 1));
    fresh.destroy();
    client.destroy();
    trace.push('closing', handle.fd);
    await Promise.all([closed(client), closed(fresh)]);
    await close(server);
  });

  same('close() of it: the callback of the first one alone', async (net, trace) => {
    const { client, server, accepted } = await pair(net);
    accepted.resume();
    const handle = client._handle;
    client.on('close', () => trace.push('close event'));
    handle.close(function () {
      trace.push('first', this === handle);
    });
    handle.close(() => trace.push('second'));
    trace.push('called');
    await closed(accepted);
    client.destroy();
    await turns(3);
    trace.push('destroyed', client.destroyed);
    await close(server);
  });

  same('a close of its own that calls the original', async (net, trace) => {
    const { client, server, accepted } = await pair(net);
    accepted.resume();
    const handle = client._handle;
    const original = handle.close;
    handle.close = function (callback) {
      trace.push('close called');
      return original.call(this, callback);
    };
    client.on('close', (bad) => trace.push('close event', bad));
    client.destroy();
    await closed(client);
    await close(server);
  });

  same('its methods are what the socket calls', async (net, trace) => {
    const { client, server, accepted } = await pair(net);
    accepted.resume();
    const handle = client._handle;
    for (const name of [
      'ref',
      'unref',
      'setNoDelay',
      'setKeepAlive',
      'shutdown',
      'getpeername',
      'getsockname',
    ]) {
      const original = handle[name];
      handle[name] = function (...args) {
        trace.push(name, ...args.filter((arg) => typeof arg !== 'object'));
        return original.apply(this, args);
      };
    }
    client.unref().ref().setNoDelay(true).setKeepAlive(true, 5000);
    client.address();
    trace.push(typeof client.remotePort);
    client.resume().end('x');
    await closed(client);
    await close(server);
  });
});

differential('JSON', ({ same }) => {
  same('of a server that listens, of an accepted socket and of their handles', async (net, trace) => {
    const { client, server, accepted, finish } = await pair(net);
    const { _handle, ...rest } = JSON.parse(JSON.stringify(server));
    trace.push('server', Object.keys(rest), _handle);
    const { server: its } = JSON.parse(JSON.stringify(accepted));
    trace.push('accepted', its._handle, its._connections);
    trace.push('handle', JSON.parse(JSON.stringify(client._handle)), server._handle.reading);
    await finish();
  });
});

differential('connect of a handle', ({ same }) => {
  same("is called after 'connectionAttempt', with a request that says where to", async (net, trace) => {
    const socket = answered(net, (request, handle) => {
      trace.push('connect', request.constructor.name, { ...request, oncomplete: typeof request.oncomplete });
      setImmediate(() => request.oncomplete(0, handle, request, true, true));
      return 0;
    });
    trace.watch('socket', socket, EVENTS);
    await when(socket, 'ready');
    trace.push(socket.connecting, socket.pending, socket.readyState);
    socket.destroy();
    await closed(socket);
  });

  same('answered before it returns', async (net, trace) => {
    const socket = answered(net, (request, handle) => {
      request.oncomplete(0, handle, request, true, true);
    });
    trace.watch('socket', socket, EVENTS);
    await when(socket, 'ready');
    socket.destroy();
    await closed(socket);
  });

  for (const [readable, writable] of [
    [false, true],
    [true, false],
  ]) {
    same(
      `answered with ${readable ? 'only the reading side' : 'only the writing side'} open`,
      async (net, trace) => {
        const socket = answered(
          net,
          (request, handle) => {
            setImmediate(() => request.oncomplete(0, handle, request, readable, writable));
            return 0;
          },
          { port: 1, host: '127.0.0.1', allowHalfOpen: true },
        );
        trace.watch('socket', socket, EVENTS);
        await when(socket, 'ready');
        await turns(3);
        trace.push(socket.readable, socket.writable);
        socket.destroy();
        await closed(socket);
      },
    );
  }

  same('answered with an error', async (net, trace) => {
    const socket = answered(net, (request, handle) => {
      setImmediate(() => request.oncomplete(-111, handle, request, true, true));
      return 0;
    });
    trace.watch('socket', socket, EVENTS);
    await closed(socket);
  });

  same('that refuses', async (net, trace) => {
    const socket = answered(net, () => -13);
    trace.watch('socket', socket, EVENTS);
    await closed(socket);
  });

  for (const options of [{ port: 1, host: '127.0.0.1' }, { path: localPath() }]) {
    same(`that returns nothing, to ${options.path ? 'a path' : 'a port'}`, async (net, trace) => {
      const socket = answered(
        net,
        (request, handle) => {
          setImmediate(() => request.oncomplete(0, handle, request, true, true));
        },
        options,
      );
      trace.watch('socket', socket, ['connectionAttemptFailed', 'connect', 'ready']);
      await Promise.race([when(socket, 'connect'), closed(socket)]);
      socket.on('error', () => {}).destroy();
      await closed(socket);
    });
  }

  same('of several addresses: each attempt has a handle of its own', async (net, trace) => {
    const seen = new Set();
    const socket = noteClose(new net.Socket());
    socket.on('connectionAttempt', () => {
      const handle = socket._handle;
      seen.add(handle);
      handle.connect = (request) => {
        trace.push('connect', request.address, request.addressType);
        setImmediate(() => request.oncomplete(-111, handle, request));
        return 0;
      };
      handle.connect6 = (request) => {
        trace.push('connect6', request.address, request.addressType);
        setImmediate(() => request.oncomplete(0, handle, request, true, true));
        return 0;
      };
      handle.readStart = () => 0;
    });
    trace.watch('socket', socket, EVENTS);
    socket.connect({
      port: 7,
      host: 'name.test',
      autoSelectFamily: true,
      lookup: (_host, _options, callback) =>
        callback(null, [
          { address: '127.0.0.1', family: 4 },
          { address: '::1', family: 6 },
        ]),
    });
    await when(socket, 'ready');
    trace.push('handles', seen.size, socket._handle === [...seen][1]);
    socket.destroy();
    await closed(socket);
  });

  same('of a pipe', async (net, trace) => {
    const socket = answered(
      net,
      (request, handle) => {
        trace.push(request.constructor.name, { ...request, oncomplete: typeof request.oncomplete });
        setImmediate(() => request.oncomplete(0, handle, request, true, true));
        return 0;
      },
      { path: '/nowhere/at/all' },
    );
    trace.watch('socket', socket, EVENTS);
    await when(socket, 'ready');
    socket.destroy();
    await closed(socket);
  });

  same('answered: addresses, end and errors come from the handle', async (net, trace) => {
    const socket = answered(net, (request, handle) => {
      handle.getsockname = (out) =>
        void Object.assign(out, { address: '10.0.0.1', port: 5, family: 'IPv4' }) ?? 0;
      handle.getpeername = (out) =>
        void Object.assign(out, { address: '10.0.0.2', port: 6, family: 'IPv4' }) ?? 0;
      setImmediate(() => request.oncomplete(0, handle, request, true, true));
      return 0;
    });
    trace.watch('socket', socket, EVENTS);
    await when(socket, 'ready');
    trace.push(socket.address(), socket.remoteAddress, socket.remotePort, socket.localPort);
    socket.push('pushed by the program');
    socket.setTimeout(60_000);
    await turn();
    socket.end();
    await when(socket, 'finish');
    socket.push(null);
    await closed(socket);
  });

  same('answered: a write that nobody takes', async (net, trace) => {
    const socket = answered(net, (request, handle) => {
      setImmediate(() => request.oncomplete(0, handle, request, true, true));
      return 0;
    });
    trace.watch('socket', socket, EVENTS);
    await when(socket, 'ready');
    socket.write('x', (error) => trace.push('written', error));
    await closed(socket);
  });

  same('of its own that calls the original, to another place', async (net, trace) => {
    const server = await listening(net, {}, (accepted) => accepted.end('from the server'));
    const { port } = server.address();
    const wrong = await freePort(net);
    trace.alias(wrong, 'wrong');
    const socket = noteClose(new net.Socket());
    socket.on('connectionAttempt', () => {
      const { connect } = socket._handle;
      socket._handle.connect = function (request, address) {
        return connect.call(this, request, address, port);
      };
    });
    trace.watch('socket', socket, EVENTS);
    socket.connect(wrong, '127.0.0.1');
    await when(socket, 'connect');
    trace.push(socket.remotePort === port);
    await closed(socket);
    await close(server);
  });

  same("is not made before 'connectionAttempt'", async (net, trace) => {
    const server = await listening(net, {}, () => trace.push('a connection'));
    const socket = answered(net, () => 0, { port: server.address().port, host: '127.0.0.1' });
    await when(socket, 'connectionAttempt');
    await turns(5);
    trace.push('nobody came', server._connections);
    socket.destroy();
    await closed(socket);
    await close(server);
  });

  same("a local address that is not ours is refused before 'connectionAttempt'", async (net, trace) => {
    const socket = noteClose(net.connect({ port: 1, host: '127.0.0.1', localAddress: '192.0.2.1' }));
    trace.watch('socket', socket, EVENTS);
    await closed(socket);
  });
});

differential('a handle that another socket takes', ({ same }) => {
  same('carries that one: what it writes, its addresses, its end', async (net, trace) => {
    const { client, server, accepted } = await pair(net);
    let received = '';
    accepted.on('data', (chunk) => (received += chunk));
    accepted.on('end', () => accepted.end());
    const taker = new net.Socket({ allowHalfOpen: true });
    client.on('data', (chunk) => taker.push(chunk));
    taker._handle = client._handle;
    trace.push(taker._handle === client._handle, taker.remotePort === server.address().port, taker.pending);
    taker.write('from the taker', () => trace.push('written'));
    await when(accepted, 'data');
    trace.push(received, taker.bytesWritten);
    taker.on('data', (chunk) => trace.push('taker.data', String(chunk)));
    accepted.write('answer');
    await when(taker, 'data');
    trace.push(taker.bytesRead);
    taker.on('close', (bad) => trace.push('taker.close', bad));
    client.on('close', () => trace.push('client.close'));
    const gone = when(taker, 'close');
    taker.destroy();
    await Promise.all([closed(accepted), gone]); // on Windows either may be first
    trace.push(taker.bytesRead, client.destroyed);
    client.destroy();
    await turns(3);
    await close(server);
  });

  same('more than the system takes of a write', async (net, trace) => {
    const { client, server, accepted } = await pair(net);
    const taker = new net.Socket({ allowHalfOpen: true });
    taker._handle = client._handle;
    const bytes = Buffer.alloc(8_000_000, 'x');
    let received = 0;
    taker.write(bytes, () => trace.push('written'));
    accepted.on('data', (chunk) => (received += chunk.length));
    while (received < bytes.length) await turn();
    await turns(2);
    trace.push(received);
    taker.destroy();
    await closed(accepted);
    client.destroy();
    await turns(3);
    await close(server);
  });

  for (const how of ['_handle', 'an option']) {
    same(`two sockets' writes that wait for the peer, the handle given as ${how}`, async (net, trace) => {
      const { client, server, accepted } = await pair(net);
      accepted.pause();
      const taker = how === 'an option' ? new net.Socket({ handle: client._handle }) : new net.Socket();
      if (how !== 'an option') taker._handle = client._handle;
      const bytes = Buffer.alloc(8_000_000, 'x');
      const written = Promise.all(
        [client, taker].map((socket) => new Promise((resolve) => socket.write(bytes, resolve))),
      );
      await turns(3);
      let received = 0;
      accepted.on('data', (chunk) => (received += chunk.length)).resume();
      trace.push(await written);
      while (received < 2 * bytes.length) await turn();
      taker.destroy();
      await closed(accepted);
      client.destroy();
      await turns(3);
      await close(server);
    });
  }

  same('as an option of the constructor', async (net, trace) => {
    const { client, server, accepted } = await pair(net);
    const second = noteClose(new net.Socket({ handle: client._handle }));
    second.on('data', (chunk) => trace.push('second.data', String(chunk)));
    second.on('close', (bad) => trace.push('second.close', bad));
    trace.push(second._handle === client._handle, second.remotePort === server.address().port);
    accepted.write('to whoever it is');
    await when(second, 'data');
    accepted.once('data', (chunk) => accepted.end(String(chunk)));
    second.end('back');
    await closed(second);
    client.destroy();
    await close(server);
  });
});

contract('the handle of a socket', ({ net, it }) => {
  it('names the descriptor, on Linux', async () => {
    const { client, accepted, server, finish } = await pair(net);
    const all = [client, accepted, server].map(({ _handle }) => _handle.fd);
    if (process.platform === 'linux') {
      for (const fd of all) assert.match(fs.readlinkSync(`/proc/self/fd/${fd}`), /^socket:/);
      assert.equal(new Set(all).size, 3);
    } else {
      for (const fd of all) assert.equal(typeof fd, 'number');
    }
    await finish();
  });

  it('is no other one for a socket that is connected again', async () => {
    const server = await listening(net, {}, (accepted) => accepted.end());
    const socket = noteClose(net.connect(server.address().port, '127.0.0.1'));
    const first = socket._handle;
    socket.resume();
    await when(socket, 'close');
    assert.equal(socket._handle, null);
    socket.connect(server.address().port, '127.0.0.1');
    assert.notEqual(socket._handle, first);
    assert.equal(socket._handle.owner, socket);
    await when(socket, 'close');
    await close(server);
  });

  it('pauses and resumes what arrives', async () => {
    const { client, accepted, finish } = await pair(net);
    const chunks = [];
    client.on('data', (chunk) => chunks.push(String(chunk)));
    await turn();
    client._handle.reading = false;
    assert.equal(client._handle.readStop(), 0);
    accepted.write('later');
    await turns(10);
    assert.deepEqual(chunks, []);
    client._handle.reading = true;
    assert.equal(client._handle.readStart(), 0);
    await when(client, 'data');
    assert.deepEqual(chunks, ['later']);
    await finish();
  });
});
