'use strict';
// The load generator against servers that do not do what they should: a benchmark that believes anything measures
// nothing.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { once } = require('node:events');
const { pathToFileURL } = require('node:url');
const { WebSocketServer } = require('ws');
const { cert, key } = require('../../benchmarks/scenarios/certificate.cjs');

const OTHER_CERTIFICATE = path.join(__dirname, '..', 'program', 'fixtures', 'localhost-cert.pem');
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

  const start = (onConnection, ...args) => startOn(net.createServer(onConnection), ...args);

  async function startOn(listening, ...args) {
    server = listening.listen(0, '127.0.0.1');
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

  it('speaks WebSocket, and takes nothing but its own messages', async () => {
    const webSocket = (onMessage) => {
      const listening = http.createServer();
      const sockets = new WebSocketServer({ server: listening });
      sockets.on('connection', (socket) => {
        socket.on('error', () => {});
        socket.on('message', (message, binary) => onMessage(socket, message, binary));
      });
      return listening;
    };
    const back = (socket, message, binary) => socket.send(message, { binary });
    // Three ways to write a length.
    for (const bytes of [64, 1_000, 70_000]) {
      const args = ['--websocket', '/', '--connections', 3, '--depth', 2, '--request-bytes', bytes];
      await startOn(webSocket(back), ...args);
      await child.answer();
      assert.equal((await child.ask('count 60')).messages, 60);
      await child.quit();
      server.close();
    }
    const changed = (socket, message) => {
      message[5] ^= 1;
      socket.send(message, { binary: true });
    };
    await startOn(webSocket(changed), '--websocket', '/');
    assert.match(await failure(), /wrong bytes: connection 0, message 0/);
    server.close();
    await startOn(
      webSocket((socket) => socket.send('text')),
      '--websocket',
      '/',
    );
    assert.match(await failure(), /not a frame with the message/);
    server.close();
    await startOn(
      http.createServer((_request, response) => response.end('no')),
      '--websocket',
      '/',
    );
    await assert.rejects(child.answer(), /the server answered HTTP\/1\.1 200 OK/);
  });

  describe('over HTTP/2', () => {
    const args = ['--http2', '/there', '--body', 'Hello'];
    const answering = (onStream) => http2.createServer().on('stream', onStream);
    const hello = (stream, headers) => {
      // Fields before and after the first responses: the compression's table is in use by then.
      stream.respond({ ':status': headers[':path'] === '/there' ? 200 : 404, 'x-kept': 'a value' });
      stream.end('Hello');
    };

    it('takes a 200 with the right body, with many streams at once', async () => {
      await startOn(answering(hello), ...args, '--connections', 3, '--depth', 7);
      await child.answer();
      const result = await child.ask('count 400');
      assert.equal(result.messages, 400);
      assert.equal((await child.ask('closed 50')).messages > 0, true);
      await child.quit();
    });

    it('takes them in any order, each with its own time', async () => {
      let held;
      const swap = (stream) => {
        if (held === undefined) {
          held = stream;
          return;
        }
        const [first, second] = [stream, held];
        held = undefined;
        for (const one of [first, second]) {
          one.respond({ ':status': 200 });
          one.end('Hello');
        }
      };
      await startOn(answering(swap), ...args, '--connections', 1, '--depth', 2);
      await child.answer();
      const result = await child.ask('count 100');
      assert.equal(
        result.latenciesNs.reduce((sum, [, count]) => sum + count, 0),
        100,
      );
      await child.quit();
    });

    it('refuses another status, another body, and a stream that is reset', async () => {
      const wrong = [
        [
          (stream) => {
            stream.respond({ ':status': 500 });
            stream.end('Hello');
          },
          /another status than 200/,
        ],
        [
          (stream) => {
            stream.respond({ ':status': 200 });
            stream.end('Hallo');
          },
          /wrong bytes in the body of stream 1/,
        ],
        [
          (stream) => {
            stream.respond({ ':status': 200 });
            stream.end('Hell');
          },
          /a body of another length/,
        ],
        [
          (stream) => {
            stream.on('error', () => {});
            stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
          },
          /the server has reset stream 1, error 2/,
        ],
      ];
      for (const [onStream, expected] of wrong) {
        await startOn(answering(onStream), ...args);
        assert.match(await failure('count 10'), expected);
        server.close();
      }
    });

    it('answers pings, and opens the window again that bodies of several frames have filled', async () => {
      const body = 'x'.repeat(20_000);
      let pongs = 0;
      const listening = answering((stream) => {
        stream.respond({ ':status': 200 });
        stream.end(body);
      });
      listening.on('session', (session) => {
        session.on('error', () => {});
        session.ping((error) => {
          if (error === null) pongs++;
        });
      });
      await startOn(listening, '--http2', '/', '--body', body);
      await child.answer();
      assert.equal((await child.ask('count 200')).messages, 200);
      assert.equal(pongs, 1);
      await child.quit();
    });
  });

  // Its Windows build has no OpenSSL; on Linux it takes the system's.
  if (process.platform === 'win32') {
    it('says that it knows no TLS', async () => {
      await start(echo, '--tls', cert);
      await assert.rejects(child.answer(), /built without OpenSSL, and knows no TLS/);
    });
  } else {
    describe('over TLS', () => {
      before(async () => {
        const { loadFeatures } = await load('capabilities.mjs');
        assert.deepEqual(loadFeatures(program), { tls: true }, 'build it with libssl-dev');
      });

      const options = { cert, key, minVersion: 'TLSv1.3' };
      const otherCertificate = fs.readFileSync(OTHER_CERTIFICATE, 'utf8');

      it('counts what comes back, records of several sizes', async () => {
        for (const bytes of [1, 1_000, 100_000]) {
          const args = ['--tls', cert, '--connections', 5, '--depth', 2, '--request-bytes', bytes];
          await startOn(tls.createServer(options, echo), ...args);
          await child.answer();
          const result = await child.ask('count 50');
          assert.deepEqual(
            [result.messages, result.bytesSent, result.bytesReceived],
            [50, ...Array(2).fill(50 * bytes)],
          );
          await child.quit();
          server.close();
        }
      });

      it('finds a byte that is wrong', async () => {
        const wrong = (socket) => {
          socket.on('error', () => {});
          socket.on('data', (chunk) => {
            chunk[chunk.length - 1] ^= 1;
            socket.write(chunk);
          });
        };
        await startOn(tls.createServer(options, wrong), '--tls', cert);
        assert.match(await failure(), /wrong bytes: connection 0, message 0/);
      });

      it('trusts the certificate that it was given, and no other server', async () => {
        const quiet = (listening) => listening.on('tlsClientError', () => {});
        await startOn(quiet(tls.createServer(options, echo)), '--tls', otherCertificate);
        await assert.rejects(child.answer(), /TLS: the handshake: .*certificate verify failed/);
        server.close();
        await startOn(
          quiet(tls.createServer({ ...options, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })),
          '--tls',
          cert,
        );
        await assert.rejects(child.answer(), /TLS: the handshake: /);
        server.close();
        await startOn(
          quiet(tls.createServer(options, (socket) => socket.on('error', () => {}).end())),
          '--tls',
          cert,
        );
        assert.match(await failure(), /TLS: the server has ended the session/);
      });

      it('carries HTTP and HTTP/2', async () => {
        const answer = (_request, response) => response.setHeader('Content-Length', 2).end('hi');
        await startOn(https.createServer(options, answer), '--tls', cert, '--http', '/', '--body', 'hi');
        await child.answer();
        assert.equal((await child.ask('count 20')).messages, 20);
        await child.quit();
        server.close();
        const secure = http2.createSecureServer(options, (_request, response) => response.end('hi'));
        await startOn(
          secure,
          '--tls',
          cert,
          '--http2',
          '/',
          '--body',
          'hi',
          '--connections',
          2,
          '--depth',
          3,
        );
        await child.answer();
        assert.equal((await child.ask('count 100')).messages, 100);
        await child.quit();
        server.close();
        // A server that would take it for HTTP/1.1.
        await startOn(https.createServer(options, answer), '--tls', cert, '--http2', '/', '--body', 'hi');
        await assert.rejects(
          child.answer(),
          /TLS: (the server does not speak h2|the handshake: .*no application protocol)/,
        );
      });
    });
  }

  it('refuses a command or an option that it does not know', async () => {
    await start(echo);
    await child.answer();
    await assert.rejects(child.ask('closed soon'), /not a command: closed soon/);
    child = new Child({ name: 'load', file: program, args: ['--fast', '1'] });
    await assert.rejects(child.answer(), /unknown option --fast/);
  });
});
