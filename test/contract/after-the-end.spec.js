'use strict';

// What is asked of a connection again, or when it is over: found by reading, and each of them hung, lost bytes or said
// something else than node:net.

const assert = require('node:assert/strict');
const net_ = require('node:net');
const { contract } = require('../support/contract.js');
const { when, pair, closed, close, listening, nodeMajor, turns, until } = require('../support/sockets.js');
const { run } = require('../support/program.js');
const { isWindows } = require('../support/local-names.js');

contract('asked again, or too late', ({ net, it, ours, transport }) => {
  it('a second shutdown of a handle is ENOTCONN, and end() still finishes', async () => {
    const { ShutdownWrap } = process.binding('stream_wrap');
    const { client, accepted, finish } = await pair(net, { server: { allowHalfOpen: true } });
    accepted.resume();
    const request = new ShutdownWrap();
    const answers = [];
    request.handle = client._handle;
    request.oncomplete = (status) => answers.push(status);
    assert.equal(client._handle.shutdown(request), 0);
    const again = client._handle.shutdown(new ShutdownWrap());
    assert.equal(again < 0, true, `answered ${again}`);
    client.end();
    await when(client, 'finish');
    await until(() => answers.length > 0, 'the answer to the first');
    assert.deepEqual(answers, [0]);
    await finish();
  });

  it('reading that is started again after the end does not hold the loop', async () => {
    const { client, accepted, finish } = await pair(net, {
      client: { allowHalfOpen: true, onread: { buffer: Buffer.alloc(9), callback: () => true } },
    });
    accepted.end();
    client.resume();
    await when(client, 'end');
    client.pause();
    client.resume();
    accepted.unref();
    await turns(2);
    assert.deepEqual(
      process.getActiveResourcesInfo().filter((name) => name === 'Immediate'),
      [],
    );
    await finish();
  });

  it('bytes that arrive after push(null) are an error, also where they flow to one listener', async () => {
    const { client, accepted, finish } = await pair(net, { client: { allowHalfOpen: true } });
    client.on('data', () => {});
    accepted.write('first');
    await when(client, 'data');
    client.push(null);
    await when(client, 'end');
    const failed = when(client, 'error');
    accepted.write('late');
    const [{ code }] = await failed;
    assert.equal(code, 'ERR_STREAM_PUSH_AFTER_EOF');
    await finish();
  });

  // Under Wine a call of node:net's takes 1,024.
  const count = isWindows && !ours ? 1_000 : 20_000;
  it('memory that was transferred is written as nothing, and writing goes on', async () => {
    const { client, accepted, finish } = await pair(net);
    let text = '';
    accepted.on('data', (chunk) => (text += chunk));
    const gone = () => {
      const bytes = Buffer.from(new ArrayBuffer(5));
      structuredClone(0, { transfer: [bytes.buffer] });
      return bytes;
    };
    const results = [];
    client.write(gone(), (error) => results.push(error ?? null));
    client.cork();
    client.write(gone(), (error) => results.push(error ?? null));
    client.write('x');
    client.uncork();
    client.cork();
    for (let n = 0; n < count; n++) client.write(n % 100 === 0 ? gone() : 'y');
    client.uncork();
    client.end('z');
    await when(accepted, 'end');
    assert.deepEqual(results, [null, null]);
    assert.equal(text === `x${'y'.repeat(count * 0.99)}z`, true);
    await finish();
  });

  it('a buffer function of onread is asked before the first bytes of a handle that stands', async () => {
    // The socket whose handle it was never closes, so the program ends itself.
    const { stdout } = await run({
      source: `
        const net = require(${JSON.stringify(transport.id)});
        const server = net.createServer({ pauseOnConnect: true }, (accepted) => {
          new net.Socket({
            handle: accepted._handle,
            onread: {
              buffer: () => Buffer.alloc(1000),
              callback(length, buffer) {
                console.log(length, String(buffer.subarray(0, length)));
                process.exit();
              },
            },
          });
        });
        server.listen(0, '127.0.0.1', () => net.connect(server.address().port, '127.0.0.1').write('hello'));`,
    });
    assert.equal(stdout, '5 hello\n');
  });

  it("a program's destroy is called for its own socket alone", async () => {
    const calls = [];
    const socket = new net.Socket({
      keepAliveInitialDelay: 1000,
      destroy(error, callback) {
        calls.push('destroy');
        callback(error);
      },
    });
    assert.deepEqual(calls, []);
    socket.destroy();
    assert.deepEqual(calls, ['destroy']);
  });

  // Later versions refuse such a name also where a program looks it up itself.
  if (nodeMajor < 22) {
    it("a program's lookup is called once, and there is one connection", async () => {
      const calls = [];
      const server = await listening(net, (accepted) => calls.push('connection') && accepted.destroy());
      const lookup = (host, _options, answer) => {
        calls.push(host);
        answer(null, '127.0.0.1', 4);
      };
      const host = 'a\0b';
      const { port } = server.address();
      const client = net.connect({ host, port, autoSelectFamily: false, lookup });
      client.on('error', () => {}).resume();
      await closed(client);
      await close(server);
      assert.deepEqual(calls, [host, 'connection']);
    });
  }

  it('server.listen(server): both get connections, and are closed each by itself', async () => {
    const first = await listening(net);
    const second = net.createServer((socket) => socket.end('second'));
    second.listen(first);
    await when(second, 'listening');
    const client = net.connect(first.address().port, '127.0.0.1').setEncoding('utf8');
    const [text] = await when(client, 'data');
    assert.equal(text, 'second');
    await closed(client);
    await close(second);
    await close(first).catch(() => {});
  });
});

contract('the connections that wait when their server closes', ({ net, it }) => {
  // Windows resets none: they are connected when AcceptEx has taken them, and closed.
  it('are reset when a connection handler closes it', async () => {
    const kinds = [];
    const server = net.createServer((socket) => {
      server.close();
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await when(server, 'listening');
    const clients = Array.from({ length: 5 }, () => net_.connect(server.address().port, '127.0.0.1'));
    for (const client of clients) {
      client.once('error', ({ code }) => kinds.push(code)).once('end', () => kinds.push('end'));
      client.resume();
    }
    await Promise.all(clients.map((client) => closed(client)));
    assert.equal(kinds.length, 5);
    if (!isWindows)
      assert.deepEqual(kinds.sort(), ['ECONNRESET', 'ECONNRESET', 'ECONNRESET', 'ECONNRESET', 'end']);
  });
});
