// Local endpoints: Unix sockets on Linux, named pipes on Windows. The same specs where the systems agree.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { contract, differential } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const { localName, isWindows } = require('../support/local-names.js');
const { attempt } = require('../support/trace.js');
const { when, until, turns, listening, close, closed, noteClose } = require('../support/sockets.js');

const SOCKET = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connect',
  'ready',
  'data',
  'end',
  'prefinish',
  'finish',
  'error',
  'close',
];

/** A connected pair over a local endpoint; `finish()` takes it down. */
async function localPair(net, { server: serverOptions = {}, client: clientOptions = {} } = {}) {
  const name = localName();
  const server = await listening(net, serverOptions, undefined, { path: name });
  const arrives = when(server, 'connection');
  const client = noteClose(net.connect({ path: name, ...clientOptions }));
  const connects = when(client, 'connect');
  const [accepted] = await arrives;
  noteClose(accepted);
  await connects;
  const finish = async () => {
    for (const socket of [client, accepted]) {
      if (socket.listenerCount('error') === 0) socket.on('error', () => {});
      socket.destroy();
    }
    await Promise.all([closed(client), closed(accepted)]);
    await close(server);
  };
  return { name, server, client, accepted, finish };
}

contract(
  'local endpoints',
  ({ net, it }) => {
    for (const form of [
      'listen(path)',
      'listen(path, backlog)',
      'listen({ path })',
      'listen({ path, backlog, exclusive })',
    ]) {
      it(`${form} listens at once; address() is the name`, async () => {
        const name = localName();
        const args = {
          'listen(path)': [name],
          'listen(path, backlog)': [name, 5],
          'listen({ path })': [{ path: name }],
          'listen({ path, backlog, exclusive })': [{ path: name, backlog: 5, exclusive: true }],
        }[form];
        let called = 0;
        const server = net.createServer((socket) => socket.end('x'));
        assert.equal(
          server.listen(...args, () => called++),
          server,
        );
        assert.deepEqual([server.listening, server.address(), called], [true, name, 0]);
        await when(server, 'listening');
        assert.equal(called, 1);
        const client = net.connect(name);
        assert.equal(String((await when(client, 'data'))[0]), 'x');
        await when(client, 'close');
        await close(server);
        assert.equal(server.listening, false);
      });
    }

    for (const form of [
      'connect(path)',
      'connect(path, cb)',
      'connect({ path })',
      'socket.connect(path)',
      'createConnection',
    ]) {
      it(`${form} connects`, async () => {
        const name = localName();
        const server = await listening(net, {}, (socket) => socket.end('x'), name);
        let called = 0;
        const client = {
          'connect(path)': () => net.connect(name),
          'connect(path, cb)': () => net.connect(name, () => called++),
          'connect({ path })': () => net.connect({ path: name, port: 1, host: 'not used' }),
          'socket.connect(path)': () => new net.Socket().connect(name),
          createConnection: () => net.createConnection({ path: name }, () => called++),
        }[form]();
        assert.deepEqual([client.connecting, client.pending, client.readyState], [true, true, 'opening']);
        assert.equal(String((await when(client, 'data'))[0]), 'x');
        await when(client, 'close');
        assert.equal(called, form.includes('cb') || form === 'createConnection' ? 1 : 0);
        await close(server);
      });
    }

    it('has no addresses', async () => {
      const { client, accepted, finish } = await localPair(net);
      for (const socket of [client, accepted]) {
        assert.deepEqual(socket.address(), {});
        assert.deepEqual(
          [
            socket.localAddress,
            socket.localPort,
            socket.localFamily,
            socket.remoteAddress,
            socket.remotePort,
            socket.remoteFamily,
          ],
          [undefined, undefined, undefined, undefined, undefined, undefined],
        );
        assert.deepEqual([socket.readyState, socket.pending, socket.connecting], ['open', false, false]);
      }
      await finish();
    });

    it('setters that make no sense change nothing and return the socket', async () => {
      const { client, accepted, finish } = await localPair(net);
      assert.equal(client.setNoDelay(), client);
      assert.equal(client.setKeepAlive(true, 1_000), client);
      accepted.pipe(accepted);
      client.write('still here');
      assert.equal(String((await when(client, 'data'))[0]), 'still here');
      await finish();
    });

    it('cannot be reset: ERR_INVALID_HANDLE_TYPE, and lives on', async () => {
      const { client, accepted, finish } = await localPair(net);
      assert.throws(() => client.resetAndDestroy(), {
        name: 'TypeError',
        code: 'ERR_INVALID_HANDLE_TYPE',
        message: 'This handle type cannot be sent',
      });
      assert.equal(client.destroyed, false);
      accepted.pipe(accepted);
      client.write('still here');
      assert.equal(String((await when(client, 'data'))[0]), 'still here');
      await finish();
    });

    it('carries what is written before the connection is there', async () => {
      const name = localName();
      const server = await listening(net, {}, (socket) => socket.pipe(socket), name);
      const client = net.connect(name);
      client.write('one ');
      client.write(Buffer.from('two '));
      client.end('three');
      assert.equal(client.bytesWritten, 13);
      let text = '';
      client.on('data', (chunk) => (text += chunk));
      await when(client, 'close');
      assert.equal(text, 'one two three');
      assert.deepEqual([client.bytesWritten, client.bytesRead], [13, 13]);
      await close(server);
    });

    it('carries megabytes both ways, byte for byte, on several connections at once', async () => {
      const name = localName();
      const server = await listening(net, {}, (socket) => socket.pipe(socket), name);
      const payload = crypto.randomBytes(2 * 1024 * 1024);
      const hash = (data) => crypto.createHash('sha256').update(data).digest('hex');
      const expected = hash(payload);
      const echo = async () => {
        const client = net.connect(name);
        const digest = crypto.createHash('sha256');
        client.on('data', (chunk) => digest.update(chunk));
        client.end(payload);
        await when(client, 'end');
        await when(client, 'close');
        return digest.digest('hex');
      };
      assert.deepEqual(await Promise.all(Array.from({ length: 8 }, echo)), Array(8).fill(expected));
      await close(server);
    });

    it('holds the writer back until the reader reads', async () => {
      const { client, accepted, finish } = await localPair(net);
      accepted.pause();
      const block = Buffer.alloc(256 * 1024);
      let written = 0;
      while (client.write(block) || written < 16) if (++written === 64) break;
      assert.equal(client.writableNeedDrain, true);
      await turns(10);
      assert.equal(client.writableNeedDrain, true);
      const drains = when(client, 'drain');
      accepted.resume();
      await drains;
      await finish();
    });

    it('counts connections and drops without data above maxConnections', async () => {
      const name = localName();
      const server = await listening(net, {}, (socket) => socket.resume(), name);
      server.maxConnections = 1;
      const first = noteClose(net.connect(name).resume());
      await until(() => server._connections === 1, 'the first');
      const drops = when(server, 'drop');
      const second = net.connect(name).resume();
      assert.deepEqual(await drops, []);
      await when(second, 'close');
      first.end();
      await closed(first);
      await close(server);
    });

    it('pauseOnConnect and highWaterMark hold here too', async () => {
      const name = localName();
      const server = await listening(net, { pauseOnConnect: true, highWaterMark: 1_000 }, undefined, name);
      const arrives = when(server, 'connection');
      const client = noteClose(net.connect(name).resume());
      client.write('held');
      const [accepted] = await arrives;
      assert.deepEqual(
        [accepted.isPaused(), accepted.readableHighWaterMark, accepted.writableHighWaterMark],
        [true, 1_000, 1_000],
      );
      await turns(10);
      assert.equal(accepted.bytesRead, 0);
      const reads = when(accepted, 'data');
      accepted.resume();
      assert.equal(String((await reads)[0]), 'held');
      accepted.end();
      client.end();
      await closed(client);
      await close(server);
    });

    it('is idle after its timeout', async () => {
      const { client, finish } = await localPair(net);
      client.setTimeout(20);
      await when(client, 'timeout');
      assert.equal(client.timeout, 20);
      await finish();
    });

    it('closes on an aborted signal, both server and client', async () => {
      const name = localName();
      const controller = new AbortController();
      const server = await listening(net, {}, undefined, { path: name, signal: controller.signal });
      const client = net.connect({ path: name, signal: controller.signal });
      await Promise.all([
        when(client, 'connect'),
        when(server, 'connection').then(([s]) => s.on('error', () => {}).resume()),
      ]);
      const ends = Promise.all([when(client, 'close'), when(server, 'close')]);
      client.on('error', (error) => assert.equal(error.code, 'ABORT_ERR'));
      controller.abort();
      await ends;
    });

    it('connects again after it was closed', async () => {
      const name = localName();
      const server = await listening(net, {}, (socket) => socket.end('x'), name);
      const client = net.connect(name).resume();
      await when(client, 'close');
      client.connect(name).resume();
      await when(client, 'connect');
      await when(client, 'close');
      await close(server);
    });

    if (!isWindows) {
      it('half-closes: an answer after the end of the question', async () => {
        const { client, accepted, finish } = await localPair(net, {
          server: { allowHalfOpen: true },
          client: { allowHalfOpen: true },
        });
        const texts = [];
        client.on('data', (chunk) => texts.push(String(chunk)));
        client.end('question');
        accepted.resume();
        await when(accepted, 'end');
        assert.deepEqual([client.readyState, accepted.readyState], ['readOnly', 'writeOnly']);
        accepted.end('answer');
        await Promise.all([closed(client), closed(accepted)]);
        assert.deepEqual(texts, ['answer']);
        await finish();
      });

      it('makes a file and takes it away when it closes', async () => {
        const name = localName();
        const server = await listening(net, {}, undefined, name);
        assert.equal(fs.statSync(name).isSocket(), true);
        server.close();
        assert.equal(fs.existsSync(name), false);
        await when(server, 'close');
      });

      it('takes a relative path from the working directory', async () => {
        const name = path.relative(process.cwd(), localName());
        const server = await listening(net, {}, (socket) => socket.end('x'), name);
        assert.equal(server.address(), name);
        const client = net.connect(name).resume();
        await when(client, 'close');
        await close(server);
      });

      it('serves a name again after close', async () => {
        const name = localName();
        for (let n = 0; n < 3; n++) {
          const server = await listening(net, {}, (socket) => socket.end('x'), name);
          const client = net.connect(name).resume();
          await when(client, 'close');
          await close(server);
        }
      });

      it('has abstract names, which leave no file', async () => {
        const name = `\0iocp-net ${process.pid} ${Math.random()}`;
        const server = await listening(net, {}, (socket) => socket.end('x'), name);
        assert.equal(server.address(), name);
        const client = net.connect(name);
        assert.equal(String((await when(client, 'data'))[0]), 'x');
        await when(client, 'close');
        await close(server);
        const late = net.connect(name);
        const [error] = await when(late, 'error');
        assert.equal(error.code, 'ECONNREFUSED');
      });
    } else {
      it('knows both spellings of the name of a pipe', async () => {
        const name = localName();
        const server = await listening(
          net,
          {},
          (socket) => socket.end('x'),
          name.replace('\\\\.\\', '\\\\?\\'),
        );
        const client = net.connect(name).resume();
        await when(client, 'close');
        await close(server);
      });

      it('lets a pipe be written and read at the same time by both ends', async () => {
        const { client, accepted, finish } = await localPair(net);
        const received = [];
        client.on('data', (chunk) => received.push(`client ${chunk}`));
        accepted.on('data', (chunk) => received.push(`accepted ${chunk}`));
        client.write('from client');
        accepted.write('from accepted');
        await until(() => received.length === 2, 'both');
        assert.deepEqual(received.sort(), ['accepted from client', 'client from accepted']);
        await finish();
      });
    }
  },
  { traffic: false },
);

differential(
  'local endpoints: events',
  ({ same }) => {
    same('a question and its answer, as each end sees it', async (net) => {
      const name = localName();
      const seen = { client: [], accepted: [], server: [] };
      const note = (list, emitter, events) => {
        for (const event of events)
          emitter.on(event, (...args) =>
            list.push([event, ...args.map((arg) => (arg === name ? '<name>' : String(arg)))]),
          );
      };
      const server = net.createServer((socket) => {
        note(seen.accepted, socket, SOCKET);
        socket.once('data', () => socket.end('answer'));
      });
      note(seen.server, server, ['listening', 'close']);
      server.listen(name);
      await when(server, 'listening');
      const client = noteClose(net.connect(name));
      note(seen.client, client, SOCKET);
      const gone = when(server, 'connection').then(([socket]) => when(socket, 'close'));
      client.write('question');
      await Promise.all([closed(client), gone]);
      await close(server);
      return seen;
    });

    same('a name that nobody serves', async (net, trace) => {
      const name = localName();
      trace.alias(name, 'name');
      const client = net.connect(name);
      trace.watch('C', client, SOCKET);
      trace.push('sync');
      await when(client, 'close');
    });

    same('the names of addresses after close', async (net, trace) => {
      const name = localName();
      trace.alias(name, 'name');
      const server = await listening(net, {}, undefined, name);
      trace.push('open', server.address(), server._connectionKey, server._pipeName);
      await close(server);
      trace.push('closed', server.address(), server.listening);
    });

    same('a write while it connects to nothing', async (net, trace) => {
      const name = localName();
      trace.alias(name, 'name');
      const client = net.connect(name);
      client.on('error', (error) => trace.push('error', error));
      client.write('lost', (error) => trace.push('callback', error));
      trace.push('bytesWritten', client.bytesWritten);
      await when(client, 'close');
      await turns(2);
      trace.push('bytesWritten', client.bytesWritten, client.readyState);
    });

    for (const value of [1, true, {}, []]) {
      same(`path of a wrong type: ${JSON.stringify(value)}`, async (net) => {
        const socket = new net.Socket();
        const { threw } = attempt(() => socket.connect({ path: value }));
        assert.equal(threw.code, 'ERR_INVALID_ARG_TYPE');
        socket.destroy();
        await when(socket, 'close');
        return threw;
      });
    }

    if (!isWindows) {
      // On Wine 8 FILE_FLAG_FIRST_PIPE_INSTANCE is not enforced: a taken name is listened on twice there.
      same('a taken name', async (net, trace) => {
        const name = localName();
        trace.alias(name, 'name');
        const first = await listening(net, {}, (socket) => socket.end('first'), name);
        const second = net.createServer();
        trace.watch('S', second, ['listening', 'error', 'close']);
        second.listen(name);
        trace.push('sync', second.listening);
        await when(second, 'error');
        const client = net.connect(name);
        trace.push('served by', (await when(client, 'data'))[0]);
        await when(client, 'close');
        await close(first);
      });

      same('a name left behind by a process that was killed', async (net, trace) => {
        const name = localName();
        trace.alias(name, 'name');
        spawnSync(process.execPath, [
          '-e',
          `require('node:net').createServer().listen(${JSON.stringify(name)}, () => process.kill(process.pid, 'SIGKILL'))`,
        ]);
        assert.equal(fs.statSync(name).isSocket(), true);
        const client = net.connect(name);
        trace.watch('C', client, SOCKET);
        await when(client, 'close');
        const server = net.createServer().listen(name);
        trace.push('listen', (await when(server, 'error'))[0]);
        assert.equal(fs.existsSync(name), true, 'the file of somebody else is not taken away');
        fs.unlinkSync(name);
        server.listen(name);
        await when(server, 'listening');
        await close(server);
      });

      same('an ordinary file and a directory', async (net, trace) => {
        const name = localName();
        trace.alias(name, 'name').alias(path.dirname(name), 'folder');
        fs.writeFileSync(name, 'text');
        for (const target of [name, path.dirname(name)]) {
          const client = net.connect(target);
          trace.push('connect', (await when(client, 'error'))[0]);
          const server = net.createServer().listen(target);
          trace.push('listen', (await when(server, 'error'))[0]);
        }
        assert.equal(fs.readFileSync(name, 'utf8'), 'text');
        fs.unlinkSync(name);
      });

      same('a folder that is missing', async (net, trace) => {
        const name = path.join(localName(), 'x');
        trace.alias(name, 'name');
        const server = net.createServer();
        trace.watch('S', server, ['listening', 'error', 'close']);
        server.listen(name);
        trace.push('sync', server.listening);
        await when(server, 'error');
        const client = net.connect(name);
        trace.push('connect', (await when(client, 'error'))[0]);
      });

      same('a name that is too long for the system', async (net, trace) => {
        const name = `${localName()}${'x'.repeat(120)}`;
        const short = name.slice(0, 107);
        trace.alias(name, 'name').alias(short, 'short');
        const client = net.connect(name);
        trace.push('connect', (await when(client, 'error'))[0]);
        const server = net.createServer().listen(name);
        const outcome = await Promise.race([when(server, 'listening'), when(server, 'error')]);
        trace.push('listen', ...outcome);
        const folder = path.dirname(name);
        trace.push(
          'files',
          fs.readdirSync(folder).map((file) => file.length - path.basename(name).length),
        );
        if (server.listening) await close(server);
        for (const file of fs.readdirSync(folder)) fs.unlinkSync(path.join(folder, file));
      });

      same('a name with a NUL inside', async (net, trace) => {
        const name = `${localName()}\0tail`;
        trace.alias(name, 'name');
        const client = net.connect(name);
        trace.push('connect', (await when(client, 'error'))[0]);
        const server = net.createServer().listen(name);
        trace.push('listen', ...(await Promise.race([when(server, 'listening'), when(server, 'error')])));
        if (server.listening) await close(server);
        fs.rmSync(name.split('\0')[0], { force: true });
      });

      same('an abstract name that is taken', async (net, trace) => {
        const name = `\0iocp-net ${process.pid} ${Math.random()}`;
        trace.alias(name, 'name');
        const first = await listening(net, {}, undefined, name);
        const second = net.createServer().listen(name);
        trace.push('listen', (await when(second, 'error'))[0]);
        await close(first);
      });

      for (const options of [
        {},
        { readableAll: true },
        { writableAll: true },
        { readableAll: true, writableAll: true },
      ]) {
        same(`the mode of the file: ${JSON.stringify(options)}`, async (net, trace) => {
          const name = localName();
          const server = await listening(net, {}, undefined, { path: name, ...options });
          trace.push('mode', (fs.statSync(name).mode & 0o777).toString(8));
          await close(server);
        });
      }

      same('readableAll of an abstract name', async (net) => {
        const { threw } = attempt(() => net.createServer().listen({ path: '\0x', readableAll: true }));
        assert.equal(threw.code, 'ERR_INVALID_ARG_VALUE');
        return threw;
      });

      same('a socket that this user may not connect to', async (net, trace, transport) => {
        const name = localName();
        const server = await listening(net, {}, (socket) => socket.end(), name);
        fs.chmodSync(path.dirname(name), 0o755);
        fs.chmodSync(name, 0o600);
        const { code, stderr, reports } = await inChild(
          transport,
          (net_, report, target) => {
            if (process.getuid() === 0) {
              process.setgid(65534);
              process.setuid(65534);
            }
            net_
              .connect(target)
              .on('connect', () => report('connected'))
              .on('error', (error) =>
                report([
                  error.message.replace(target, '<name>'),
                  error.code,
                  error.syscall,
                  error.address === target,
                ]),
              )
              .resume();
          },
          { args: [name] },
        );
        assert.equal(code, 0, stderr);
        if (process.getuid() === 0) assert.equal(reports[0][1], 'EACCES');
        trace.push('child', reports);
        await close(server);
      });

      same('a folder that this user may not write', async (_net, trace, transport) => {
        const name = localName();
        fs.chmodSync(path.dirname(name), 0o755);
        const { code, stderr, reports } = await inChild(
          transport,
          (net_, report, target) => {
            if (process.getuid() === 0) {
              process.setgid(65534);
              process.setuid(65534);
            }
            const server = net_.createServer();
            server.on('error', (error) =>
              report([error.message.replace(target, '<name>'), error.code, error.port]),
            );
            server.listen(target, () => {
              report('listening');
              server.close();
            });
          },
          { args: [name] },
        );
        assert.equal(code, 0, stderr);
        if (process.getuid() === 0) assert.equal(reports[0][1], 'EACCES');
        trace.push('child', reports);
      });
    } else {
      same('names that are not those of pipes', async (net, trace) => {
        for (const name of ['no-pipe', 'C:\\no\\pipe', '\\\\.\\pip\\x']) {
          const server = net.createServer().listen(name);
          trace.push('listen', name, (await when(server, 'error'))[0]);
          const client = net.connect(name);
          trace.push('connect', name, (await when(client, 'error'))[0]);
        }
      });

      same('readableAll and writableAll', async (net, trace) => {
        for (const options of [
          {},
          { readableAll: true },
          { writableAll: true },
          { readableAll: true, writableAll: true },
        ]) {
          const name = localName();
          const server = await listening(net, {}, (socket) => socket.end('x'), { path: name, ...options });
          const client = net.connect(name);
          trace.push(JSON.stringify(options), (await when(client, 'data'))[0]);
          await when(client, 'close');
          await close(server);
        }
      });
    }
  },
  { traffic: false },
);

contract(
  'local endpoints: the process',
  ({ it, transport }) => {
    it("an unref'd local server lets it go, a listening one keeps it", async () => {
      for (const unref of [true, false]) {
        const { code, reports, stderr } = await inChild(
          transport,
          (net_, report, name, let_go) => {
            const server = net_.createServer().listen(name, () => {
              if (let_go) server.unref();
              // A process that goes is gone long before, however busy the machine is.
              const waitMs = let_go ? 20_000 : 100;
              setTimeout(() => {
                report('kept');
                server.close();
              }, waitMs).unref();
            });
          },
          { args: [localName(), unref] },
        );
        assert.deepEqual({ code, reports, stderr }, { code: 0, reports: unref ? [] : ['kept'], stderr: '' });
      }
    });

    it('two processes talk to each other', async () => {
      const name = localName();
      const server = transport.net.createServer((socket) => socket.pipe(socket)).listen(name);
      await when(server, 'listening');
      const { code, reports, stderr } = await inChild(
        transport,
        (net_, report, target) => {
          let text = '';
          const client = net_.connect(target, () => client.end('from another process'));
          client.on('data', (chunk) => (text += chunk)).on('close', () => report(text));
        },
        { args: [name] },
      );
      assert.deepEqual({ code, reports, stderr }, { code: 0, reports: ['from another process'], stderr: '' });
      await close(server);
    });
  },
  { traffic: false },
);
