'use strict';
// The load generator against servers that do not do what they should: a benchmark that believes anything measures
// nothing.
const assert = require('node:assert/strict');
const net = require('node:net');
const path = require('node:path');
const { once } = require('node:events');
const { pathToFileURL } = require('node:url');

const LIB = path.join(__dirname, '..', '..', 'benchmarks', 'lib');
const load = (name) => import(pathToFileURL(path.join(LIB, name)).href);

describe('bench: load generator', function () {
  this.timeout(300_000); // it may have to be built first

  let program;
  let Child;
  let server;
  let child;

  before(async () => {
    ({ Child } = await load('child.mjs'));
    program = (await (await load('prepare.mjs')).prepare()).loadProgram;
  });

  afterEach(async () => {
    await child?.kill();
    server?.close();
    child = server = undefined;
  });

  async function start(onConnection, ...args) {
    server = net.createServer(onConnection).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const all = ['--port', server.address().port, '--timeout-ms', 3_000, ...args].map(String);
    child = new Child({ name: 'load', file: program, args: all });
    return child;
  }

  const echo = (socket) => {
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('error', () => {});
  };

  async function failure(command = 'count 1000') {
    await child.answer();
    await assert.rejects(child.ask(command), (error) => {
      failure.message = error.message;
      return true;
    });
    return failure.message;
  }

  it('counts what comes back, and keeps the time of each', async () => {
    await start(echo, '--connections', 4, '--request-bytes', 1000, '--depth', 3);
    assert.deepEqual(await child.answer(), { connected: true });
    const result = await child.ask('count 500');
    assert.equal(result.messages, 500);
    assert.equal(result.bytesSent, 500_000);
    assert.equal(result.bytesReceived, 500_000);
    assert.equal(
      result.latenciesNs.reduce((sum, [, count]) => sum + count, 0),
      500,
    );
    assert.ok(result.elapsedNs > 0);
    await child.quit();
  });

  it('sends at the intended times in an open loop, whatever becomes of the answers', async () => {
    await start(
      (socket) => {
        // Answers only after a while: the requests meanwhile still count from when they were due.
        const held = [];
        let waiting = true;
        setTimeout(() => {
          waiting = false;
          for (const chunk of held) socket.write(chunk);
        }, 200);
        socket.on('data', (chunk) => (waiting ? held.push(chunk) : socket.write(chunk)));
      },
      ...['--connections', 1],
    );
    await child.answer();
    const result = await child.ask('open 400 1000');
    // The last ones are due at the very end of the second, which a busy machine may reach without them.
    assert.ok(result.messages > 380 && result.messages <= 400, `${result.messages} messages`);
    assert.equal(
      result.latenessNs.reduce((sum, [, count]) => sum + count, 0),
      result.messages,
    );
    // One in flight at a time: a generator that waits for its answer before it looks at the clock again would have seen
    // a single slow request.
    const slow = result.latenciesNs.filter(([ns]) => ns > 20_000_000);
    assert.ok(slow.reduce((sum, [, count]) => sum + count, 0) > 20);
  });

  it('closes every connection of a churn', async () => {
    let closed = 0;
    let accepted = 0;
    await start(
      (socket) => {
        accepted++;
        echo(socket);
        socket.on('close', () => closed++);
      },
      ...['--connections', 5, '--churn'],
    );
    await child.answer();
    assert.equal((await child.ask('count 60')).messages, 60);
    await child.quit();
    while (closed < accepted) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(accepted, 60);
  });

  it('finds a byte that is wrong', async () => {
    let seen = 0;
    await start(
      (socket) => {
        socket.on('error', () => {});
        socket.on('data', (chunk) => {
          seen += chunk.length;
          if (seen > 5_000) chunk[chunk.length - 1] ^= 1;
          socket.write(chunk);
        });
      },
      ...['--connections', 2],
    );
    assert.match(await failure(), /wrong bytes: connection \d+, message \d+/);
  });

  it('finds answers that went to the wrong connection', async () => {
    const sockets = [];
    await start(
      (socket) => {
        sockets.push(socket);
        socket.on('error', () => {});
        socket.on('data', (chunk) => sockets[(sockets.indexOf(socket) + 1) % sockets.length].write(chunk));
      },
      ...['--connections', 2],
    );
    assert.match(await failure(), /wrong bytes/);
  });

  it('finds bytes that nobody asked for', async () => {
    await start(
      (socket) => {
        socket.on('error', () => {});
        socket.on('data', (chunk) => socket.write(Buffer.concat([chunk, chunk])));
      },
      ...['--connections', 1],
    );
    assert.match(await failure('count 1'), /bytes that nobody asked for/);
  });

  it('says when the server closes a connection', async () => {
    await start((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.destroy());
    });
    assert.match(await failure(), /the server has closed connection 0 after 0 messages/);
  });

  it('does not wait for ever', async () => {
    await start((socket) => socket.on('error', () => {}).resume());
    assert.match(await failure(), /nothing has come for 3000 ms; 1 requests are in flight/);
  });

  it('takes a 200 with the right body from an HTTP server, and nothing else', async () => {
    const answer = (text) => (socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write(text));
    };
    const args = ['--http', '/', '--body', 'hi'];
    await start(answer('HTTP/1.1 200 OK\r\ncontent-Length: 2\r\n\r\nhi'), ...args);
    await child.answer();
    assert.equal((await child.ask('count 20')).messages, 20);
    await child.quit();
    server.close();
    await start(answer('HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nhi'), ...args);
    assert.match(await failure(), /the server answered HTTP\/1\.1 500 Oh/);
    server.close();
    await start(answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nho'), ...args);
    assert.match(await failure(), /wrong bytes/);
  });

  it('refuses a command or an option that it does not know', async () => {
    await start(echo);
    await child.answer();
    await assert.rejects(child.ask('closed soon'), /not a command: closed soon/);
    child = new Child({ name: 'load', file: program, args: ['--fast', '1'] });
    await assert.rejects(child.answer(), /unknown option --fast/);
  });
});
