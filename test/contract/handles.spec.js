'use strict';

// Sockets over a handle or descriptor that was made elsewhere.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const builtin = require('node:net');
const { contract, differential } = require('../support/contract.js');
const { when, listening, close, closed, noteClose, collect, turn } = require('../support/sockets.js');

/** A handle that only notes how it is called. */
function noting(calls) {
  const handle = { reading: false };
  for (const name of [
    'readStart',
    'readStop',
    'ref',
    'unref',
    'setNoDelay',
    'setKeepAlive',
    'useUserBuffer',
  ]) {
    handle[name] = (...args) => {
      calls.push([name, ...args.map((arg) => (typeof arg === 'object' ? typeof arg : arg))]);
      return 0;
    };
  }
  handle.close = (callback) => {
    calls.push(['close']);
    if (callback) setImmediate(callback);
  };
  handle.shutdown = (req) => {
    calls.push(['shutdown']);
    setImmediate(() => req.oncomplete(0));
    return 0;
  };
  return handle;
}

/** Hands the libuv handle of an accepted connection to `use`, and gives the client of it. */
async function withAcceptedHandle(use) {
  const server = builtin.createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await when(server, 'listening');
  const arrives = when(server, 'connection');
  const client = noteClose(
    builtin.connect({ port: server.address().port, host: '127.0.0.1', allowHalfOpen: true }),
  );
  const [original] = await arrives;
  const handle = original._handle;
  original._handle = null;
  original.destroy();
  try {
    await use(handle, client, server.address().port);
  } finally {
    client.on('error', () => {}).destroy();
    await closed(client);
    await close(server);
  }
}

contract(
  'Socket over a handle',
  ({ net, it }) => {
    it('reads, writes, ends and closes it', () =>
      withAcceptedHandle(async (handle, client, port) => {
        const socket = noteClose(new net.Socket({ handle }));
        assert.equal(socket.connecting, false);
        assert.equal(socket.pending, false);
        assert.equal(socket.readyState, 'open');
        assert.equal(socket.localPort, port);
        assert.equal(socket.remotePort, client.localPort);
        socket.pipe(socket);
        const received = collect(client);
        client.end('through a handle');
        assert.equal(String(await received), 'through a handle');
        await closed(socket);
        assert.equal(socket.bytesRead, 16);
        assert.equal(socket.bytesWritten, 16);
      }));

    it('pauseOnCreate does not read until resume', () =>
      withAcceptedHandle(async (handle, client) => {
        const socket = noteClose(new net.Socket({ handle, pauseOnCreate: true }));
        assert.equal(socket.readableFlowing, false);
        client.end('waits');
        await when(client, 'finish');
        await turn();
        assert.equal(socket.bytesRead, 0);
        const received = collect(socket);
        socket.resume();
        assert.equal(String(await received), 'waits');
        await closed(socket);
      }));
  },
  { traffic: false },
); // such a handle is not ours

differential(
  'Socket over a handle',
  ({ same }) => {
    for (const [name, options] of Object.entries({
      plain: {},
      pauseOnCreate: { pauseOnCreate: true },
      manualStart: { manualStart: true },
      'readable: false': { readable: false },
    })) {
      same(`what is called on it at birth: ${name}`, async (net, trace) => {
        const calls = [];
        const handle = noting(calls);
        const socket = noteClose(new net.Socket({ handle, ...options }));
        trace.push(
          'born',
          calls.splice(0),
          handle.reading,
          socket.readableFlowing,
          socket.isPaused(),
          socket.pending,
          socket.connecting,
          socket.readyState,
        );
        socket.resume();
        await turn();
        trace.push('resumed', calls.splice(0), handle.reading);
        socket.setNoDelay(true).setKeepAlive(true, 3000).unref().ref();
        trace.push('set', calls.splice(0));
        trace.push('names', socket.address(), socket.remoteAddress, socket.localPort, socket.bytesRead);
        socket.end();
        await turn();
        await turn();
        trace.push('ended', calls.splice(0));
        socket.destroy();
        await closed(socket);
        trace.push('closed', calls.splice(0), socket._handle === null);
      });
    }

    same('the handle is to be seen as _handle', (net) => {
      const handle = noting([]);
      const socket = new net.Socket({ handle, manualStart: true });
      return [socket._handle === handle];
    });
  },
  { traffic: false },
);

contract(
  'Socket over a descriptor',
  ({ net, it, transport }) => {
    /** A child that makes a socket of its descriptor 3 and echoes. */
    const echoChild = (stdio3) =>
      spawn(
        process.execPath,
        [
          '-e',
          `const net = require(${JSON.stringify(transport.id)});
         const socket = new net.Socket({ fd: 3 });
         if (socket.pending || socket.connecting) throw new Error('not open');
         socket.pipe(socket);`,
        ],
        { stdio: ['ignore', 'inherit', 'inherit', stdio3], env: { ...process.env, NODE_OPTIONS: '' } },
      );

    it('that is a pipe', async () => {
      const child = echoChild('pipe');
      const pipe = child.stdio[3];
      pipe.write('over a pipe');
      const [text] = await when(pipe, 'data');
      assert.equal(String(text), 'over a pipe');
      pipe.end();
      const [code] = await when(child, 'close');
      assert.equal(code, 0);
    });

    if (process.platform !== 'win32') {
      it('that is a TCP connection', async () => {
        const server = await listening(builtin, { pauseOnConnect: true });
        const arrives = when(server, 'connection');
        const client = noteClose(
          builtin.connect({ port: server.address().port, host: '127.0.0.1', allowHalfOpen: true }),
        );
        const [accepted] = await arrives;
        const child = echoChild(accepted._handle);
        await when(child, 'spawn');
        accepted.destroy();
        const received = collect(client);
        client.end('over a descriptor');
        assert.equal(String(await received), 'over a descriptor');
        const [code] = await when(child, 'close');
        assert.equal(code, 0);
        client.destroy();
        await closed(client);
        await close(server);
      });

      it('that is neither is refused', () => {
        const fs = require('node:fs');
        const fd = fs.openSync(__filename);
        try {
          assert.throws(() => new net.Socket({ fd }), {
            code: 'ERR_INVALID_FD_TYPE',
            name: 'TypeError',
            message: 'Unsupported fd type: FILE',
          });
        } finally {
          fs.closeSync(fd);
        }
      });
    }
  },
  { traffic: false },
);
