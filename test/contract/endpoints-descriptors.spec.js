'use strict';

// Sockets that the process is given by their descriptors: new Socket({ fd }), listen({ fd }) as under systemd. Each
// program runs in a child that inherits them from this process.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const builtin = require('node:net');
const { spawn } = require('node:child_process');
const { contract, differential } = require('../support/contract.js');
const { packageRoot } = require('../support/transports.js');
const { localName, isWindows } = require('../support/local-names.js');
const { when, listening, close, closed, noteClose, collect } = require('../support/sockets.js');

const CHILD_GUARD_MS = 45_000;

/**
 * Runs the function in a child whose descriptors from 3 on are the given handles, as source text: it sees only
 * `(net, report, adopted, ...args)`; `adopted()` counts what the port has taken over.
 */
function withDescriptors(transport, handles, fn, args = []) {
  const source = `
    'use strict';
    const report = (value) => require('node:fs').writeSync(1, JSON.stringify(value ?? null) + '\\n');
    const adopted = () => ${
      transport.ours ? "require('iocp-net/engine').engine.counters.adoptedEndpoints" : '0'
    };
    (${fn})(require(${JSON.stringify(transport.id)}), report, adopted, ...${JSON.stringify(args)});`;
  const child = spawn(process.execPath, ['-e', source], {
    cwd: packageRoot,
    stdio: ['ignore', 'pipe', 'pipe', ...handles],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const ended = when(child, 'close', CHILD_GUARD_MS).then(([code, signal]) => {
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  });
  return { child, ended };
}

/** A connection whose accepted end goes to a child as descriptor 3. */
async function connection(kind) {
  const where = kind === 'tcp' ? { port: 0, host: '127.0.0.1' } : { path: localName() };
  const server = await listening(builtin, { pauseOnConnect: true }, undefined, where);
  const arrives = when(server, 'connection');
  const target = kind === 'tcp' ? { port: server.address().port, host: '127.0.0.1' } : where;
  // The child may end with bytes unread, which resets the connection.
  const client = noteClose(builtin.connect({ ...target, allowHalfOpen: true }).on('error', () => {}));
  const [accepted] = await arrives;
  noteClose(accepted);
  const finish = async () => {
    client.on('error', () => {}).destroy();
    accepted.on('error', () => {}).destroy();
    await Promise.all([closed(client), closed(accepted)]);
    await close(server);
  };
  return { client, accepted, handle: accepted._handle, port: target.port, finish };
}

/** A bound socket that nobody listens on yet, to be inherited. */
function bound(kind) {
  const name = localName();
  const handle =
    kind === 'tcp'
      ? builtin._createServerHandle('127.0.0.1', 0, 4)
      : builtin._createServerHandle(name, -1, -1);
  const address = {};
  if (kind === 'tcp') handle.getsockname(address);
  return {
    handle,
    address,
    target: kind === 'tcp' ? { port: address.port, host: '127.0.0.1' } : { path: name },
  };
}

const KINDS = ['tcp', 'unix'];

if (!isWindows) {
  contract(
    'descriptors of connections',
    ({ it, ours, transport }) => {
      for (const kind of KINDS) {
        it(`${kind}: reads, writes, ends and closes it; the port carries it`, async () => {
          const { client, accepted, handle, port, finish } = await connection(kind);
          const { child, ended } = withDescriptors(transport, [handle], (net, report, adopted) => {
            const socket = new net.Socket({ fd: 3 });
            report([socket.connecting, socket.pending, socket.readyState, socket.localPort ?? null]);
            let all = '';
            socket.setEncoding('utf8').on('data', (text) => (all += text));
            socket.on('end', () => report(['end', all]));
            socket.on('close', (hadError) =>
              report(['close', hadError, socket.bytesRead, socket.bytesWritten]),
            );
            socket.write('hello ');
            report(['adopted', adopted()]);
          });
          await when(child, 'spawn');
          accepted.destroy();
          const received = collect(client);
          client.end('world');
          assert.equal(String(await received), 'hello ');
          assert.deepEqual(await ended, [
            [false, false, 'open', port ?? null],
            ['adopted', ours ? 1 : 0],
            ['end', 'world'],
            ['close', false, 5, 6],
          ]);
          await finish();
        });
      }

      it('carries megabytes both ways', async () => {
        const { client, accepted, handle, finish } = await connection('tcp');
        const { child, ended } = withDescriptors(transport, [handle], (net) => {
          const socket = new net.Socket({ fd: 3, allowHalfOpen: true });
          socket.pipe(socket);
        });
        await when(child, 'spawn');
        accepted.destroy();
        const block = require('node:crypto').randomBytes(4 * 1024 * 1024);
        const received = collect(client);
        client.end(block);
        assert.equal(Buffer.compare(await received, block), 0);
        await ended;
        await finish();
      });
    },
    { traffic: false },
  );

  differential(
    'descriptors of connections',
    ({ same }) => {
      for (const [title, options] of Object.entries({
        'the number alone': 3,
        plain: { fd: 3 },
        manualStart: { fd: 3, manualStart: true },
        pauseOnCreate: { fd: 3, pauseOnCreate: true },
        'readable: false': { fd: 3, readable: false },
        'writable: false': { fd: 3, writable: false },
        allowHalfOpen: { fd: 3, allowHalfOpen: true },
        'high-water marks': { fd: 3, readableHighWaterMark: 10, writableHighWaterMark: 20 },
      })) {
        same(`options: ${title}`, async (_net, trace, transport) => {
          const { client, accepted, handle, finish } = await connection('tcp');
          client.resume();
          client.write('bytes that wait');
          const { child, ended } = withDescriptors(
            transport,
            [handle],
            (net, report, _adopted, given) => {
              const socket = new net.Socket(given);
              const state = () => [
                socket.readable,
                socket.writable,
                socket.readableFlowing,
                socket.isPaused(),
                socket.allowHalfOpen,
                socket.readableHighWaterMark,
                socket.writableHighWaterMark,
                socket.readyState,
                socket.remoteFamily,
                socket.timeout ?? null,
              ];
              report(state());
              setTimeout(() => {
                report([socket.bytesRead, socket.readableLength]);
                socket.on('data', (chunk) => report(String(chunk)));
                socket.on('error', (error) => report(['error', error.code]));
                socket.on('close', () => report('close'));
                socket.write('x', (error) => report(['written', error?.code ?? null]));
                setTimeout(() => {
                  report(state());
                  socket.destroy();
                }, 100);
              }, 100);
            },
            [options],
          );
          await when(child, 'spawn');
          accepted.destroy();
          trace.push('child', await ended);
          await finish();
        });
      }

      for (const [title, value] of Object.entries({
        'a negative number': -1,
        text: '3',
        'a fraction': 1.5,
        'one that is closed': 40,
        'a large number': 2 ** 31,
        'a file': 'file',
        'a folder': 'folder',
      })) {
        same(`errors: ${title}`, async (_net, trace, transport) => {
          const { ended } = withDescriptors(
            transport,
            [],
            (net, report, _adopted, given) => {
              const open = { file: process.execPath, folder: '/' }[given];
              const fd = open ? require('node:fs').openSync(open) : given;
              const shown = ({ name, code, message, syscall, errno, address, port }) => [
                name,
                code,
                message.replaceAll(String(fd), 'FD'),
                syscall ?? null,
                errno ?? null,
                address ?? null,
                port ?? null,
              ];
              for (const make of [() => new net.Socket({ fd }), () => net.createServer().listen({ fd })]) {
                try {
                  const made = make();
                  report('made');
                  made.on('error', (error) => report(['event', ...shown(error)]));
                  made.on('listening', () => report(['listening', made.address()]));
                } catch (error) {
                  report(['thrown', ...shown(error)]);
                }
              }
              setTimeout(() => process.exit(), 100);
            },
            [value],
          );
          trace.push('child', await ended);
        });
      }

      same('a socket that is not connected goes where node:net takes it', async (_net, trace, transport) => {
        const { handle } = bound('tcp');
        const { ended } = withDescriptors(transport, [handle], (net, report, adopted) => {
          const socket = new net.Socket({ fd: 3, manualStart: true });
          report([socket.pending, socket.remoteAddress ?? null, adopted()]);
          socket.on('error', (error) => report([error.code, error.syscall]));
          socket.on('close', () => report('close'));
          socket.write('x');
        });
        trace.push('child', await ended);
        await new Promise((resolve) => handle.close(resolve));
      });

      same('a terminal, a file or a pipe as a stream', async (_net, trace, transport) => {
        const { child, ended } = withDescriptors(transport, ['pipe'], (net, report) => {
          const socket = new net.Socket({ fd: 3 });
          socket.on('data', (chunk) => report(String(chunk))).on('close', () => report('close'));
          socket.write('from the child');
        });
        const [answer] = await when(child.stdio[3], 'data');
        child.stdio[3].end('to the child');
        trace.push('parent', String(answer));
        trace.push('child', await ended);
      });
    },
    { traffic: false },
  );

  contract(
    'descriptors of listeners',
    ({ it, ours, transport }) => {
      for (const kind of KINDS) {
        it(`${kind}: listens on it; the port carries it and what comes in`, async () => {
          const { handle, address, target } = bound(kind);
          const { child, ended } = withDescriptors(transport, [handle], (net, report, adopted) => {
            let served = 0;
            const server = net.createServer((socket) => {
              socket.end('from the child');
              if (++served < 5) return;
              report(['adopted', adopted()]);
              server.close(() => report('closed'));
            });
            server.listen({ fd: 3 }, () => report(['listening', server.listening, server.address()]));
          });
          await when(child.stdout, 'data');
          for (let n = 0; n < 5; n++) {
            assert.equal(String(await collect(builtin.connect(target))), 'from the child');
          }
          assert.deepEqual(await ended, [
            ['listening', true, kind === 'tcp' ? address : null],
            ['adopted', ours ? 1 : 0],
            'closed',
          ]);
          await new Promise((resolve) => handle.close(resolve));
        });
      }
    },
    { traffic: false },
  );

  describe('descriptors that stay with libuv', () => {
    it('are reported under NODE_DEBUG=iocp-net', async () => {
      const { inChild } = require('../support/child.js');
      const { package_ } = require('../support/transports.js');
      const { code, reports, stderr } = await inChild(
        package_,
        (net, report) => {
          const fs_ = require('node:fs');
          const fd = fs_.openSync('/dev/null');
          try {
            new net.Socket({ fd });
          } catch (error) {
            report(error.code);
          }
        },
        { env: { NODE_DEBUG: 'iocp-net' } },
      );
      assert.deepEqual([code, reports], [0, ['ERR_INVALID_FD_TYPE']]);
      assert.match(stderr, /^IOCP-NET \d+: descriptor \d+ stays with libuv/);
      assert.equal(fs.existsSync('/dev/null'), true);
    });
  });
}
