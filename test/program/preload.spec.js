'use strict';

// Unmodified programs on the port: node --require iocp-net/register (or --import) program.js

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const { packageRoot } = require('../support/transports.js');
const { run, serve, ENGINE } = require('../support/program.js');
const { when } = require('../support/sockets.js');

const fixture = (name) => path.join(__dirname, 'fixtures', name);
const LIBUV_HANDLES = JSON.stringify(path.join(packageRoot, 'test', 'support', 'libuv-handles.cjs'));
const express = path.join(packageRoot, 'examples', 'express.js');

/** Fails unless the port carried the program: node made no TCP handle, and the engine counted. */
async function assertCarried(program, accepted) {
  const { libuv, engine } = await program.state();
  assert.deepEqual(libuv, [], 'node made TCP handles of its own');
  assert.equal(engine.name, ENGINE, engine.reason);
  assert.ok(engine.counters.completions > 0, JSON.stringify(engine.counters));
  assert.ok(engine.counters.bytesReceived > 0, JSON.stringify(engine.counters));
  assert.equal(engine.counters.acceptedEndpoints, accepted, JSON.stringify(engine.counters));
}

/** Fails unless libuv carried the program: what works in C++ is not to be fed from JavaScript. */
async function assertOnLibuv(program) {
  const { libuv, engine } = await program.state();
  assert.ok(libuv.includes('server'), String(libuv));
  assert.equal(engine.counters.acceptedEndpoints, 0, JSON.stringify(engine.counters));
}

async function assertCleanEnd(program) {
  const { code, signal, stderr } = await program.end();
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
}

/** A server program for the time of the body; when that fails, the error quotes what the program printed last. */
async function withProgram(options, body) {
  const program = await serve(options);
  try {
    await body(program);
  } catch (error) {
    const { code, signal, stderr } = await program.end();
    const last = `the program ended with ${code ?? signal}: ${stderr.slice(0, 1_500)}`;
    throw new Error(`${error.message}\n${last}`, { cause: error });
  }
  await assertCleanEnd(program);
}

/** One HTTP exchange; `module_` is http or https. */
function ask(module_, options, body) {
  return new Promise((resolve, reject) => {
    const request = module_.request({ host: '127.0.0.1', agent: false, ...options }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      const { localPort } = response.socket;
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks),
          localPort,
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('preload', function () {
  this.timeout(120_000);

  it('node itself shows its TCP handles without it: the proof below can fail', async () => {
    const program = await serve({ file: fixture('http.js') });
    const agent = new http.Agent({ keepAlive: true });
    await ask(http, { port: program.address.port, agent });
    const { libuv } = await program.state();
    assert.deepEqual([...new Set(libuv)].sort(), ['server', 'socket']);
    agent.destroy();
    await program.end();
  });

  for (const preload of ['require', 'import']) {
    describe(`--${preload} iocp-net/register`, () => {
      it('carries the Express example', async () => {
        const program = await serve({ file: express, preload, env: { PORT: '0' } });
        const { port } = program.address;
        const agent = new http.Agent({ keepAlive: true });
        const hello = await ask(http, { port, agent });
        assert.equal(hello.status, 200);
        assert.equal(hello.headers['x-powered-by'], 'Express');
        assert.match(String(hello.body), /Express/);
        assert.equal((await ask(http, { port, agent, path: '/no/such/page' })).status, 404);
        await assertCarried(program, 1);
        agent.destroy();
        const { stdout, stderr } = await program.end();
        assert.match(stdout, /^http:\/\//);
        assert.equal(stderr, '');
      });

      it('gives ES modules and CommonJS the same net', async () => {
        const source = `
          import net, { createServer, Socket, connect } from 'node:net';
          import * as all from 'net';
          import { createRequire } from 'node:module';
          import { pathToFileURL } from 'node:url';
          const require = createRequire(pathToFileURL(process.cwd() + '/x.js'));
          const ours = require('iocp-net');
          const required = require('net');
          const same = (name, value) => value === ours[name] && value === required[name] && value === net[name] && value === all[name];
          console.log(same('createServer', createServer), same('Socket', Socket), same('connect', connect), process.getBuiltinModule?.('net') === required || !process.getBuiltinModule);`;
        const { code, stdout, stderr } = await run({ source, preload, execArgv: ['--input-type=module'] });
        assert.deepEqual(
          { code, stdout: stdout.trim(), stderr },
          { code: 0, stdout: 'true true true true', stderr: '' },
        );
      });
    });
  }

  describe('http', () => {
    let program;
    before(async () => {
      program = await serve({ file: fixture('http.js'), preload: 'require' });
    });
    after(() => assertCleanEnd(program));

    it('answers, and knows the address of its client', async () => {
      const { status, body } = await ask(http, { port: program.address.port, path: '/a' });
      assert.deepEqual([status, String(body)], [200, 'GET /a from 127.0.0.1\n']);
    });

    it('keeps a connection alive over several requests', async () => {
      const before = (await program.state()).engine.counters.acceptedEndpoints;
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const ports = new Set();
      for (let n = 0; n < 10; n++) {
        const { body, localPort } = await ask(http, { port: program.address.port, path: `/${n}`, agent });
        assert.equal(String(body), `GET /${n} from 127.0.0.1\n`);
        ports.add(localPort);
      }
      assert.equal(ports.size, 1);
      const { engine, libuv } = await program.state();
      assert.equal(engine.counters.acceptedEndpoints - before, 1);
      assert.deepEqual(libuv, []);
      agent.destroy();
    });

    it('echoes a body of 5 MiB', async () => {
      const body = crypto.randomBytes(5 * 1024 * 1024);
      const answer = await ask(http, { port: program.address.port, path: '/echo', method: 'POST' }, body);
      assert.equal(answer.status, 200);
      assert.ok(answer.body.equals(body));
    });

    it('sends a large body and one in many chunks', async () => {
      const { port } = program.address;
      assert.equal((await ask(http, { port, path: '/big' })).body.length, 4 * 1024 * 1024);
      const { headers, body } = await ask(http, { port, path: '/chunks' });
      assert.equal(headers['transfer-encoding'], 'chunked');
      assert.equal(String(body).split('\n').length, 51);
    });

    it('serves 50 clients at once', async () => {
      const { port } = program.address;
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => ask(http, { port, path: `/${n}` })),
      );
      answers.forEach(({ body }, n) => {
        assert.equal(String(body), `GET /${n} from 127.0.0.1\n`);
      });
    });

    it('answers pipelined requests in order', async () => {
      const socket = net.connect(program.address.port, '127.0.0.1');
      socket.write(
        [1, 2, 3]
          .map((n) => `GET /${n} HTTP/1.1\r\nHost: x\r\n${n === 3 ? 'Connection: close\r\n' : ''}\r\n`)
          .join(''),
      );
      let text = '';
      socket.on('data', (chunk) => (text += chunk));
      await when(socket, 'close');
      assert.deepEqual(
        [...text.matchAll(/GET \/(\d)/g)].map(([, n]) => n),
        ['1', '2', '3'],
      );
    });

    it('upgrades a connection', async () => {
      const request = http.request({
        host: '127.0.0.1',
        port: program.address.port,
        agent: false,
        headers: { connection: 'Upgrade', upgrade: 'echo' },
      });
      request.end();
      const [response, socket] = await when(request, 'upgrade');
      assert.equal(response.statusCode, 101);
      socket.write('after the upgrade');
      assert.equal(String((await when(socket, 'data'))[0]), 'after the upgrade');
      socket.end();
      await when(socket, 'close');
    });

    it('answers what is no HTTP with 400', async () => {
      const socket = net.connect(program.address.port, '127.0.0.1');
      socket.write('this is no HTTP\r\n\r\n');
      let text = '';
      socket.on('data', (chunk) => (text += chunk));
      await when(socket, 'close');
      assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
    });

    it('lives through clients that vanish', async () => {
      for (let n = 0; n < 20; n++) {
        const socket = net.connect(program.address.port, '127.0.0.1');
        await when(socket, 'connect');
        socket.write('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
        socket.on('error', () => {});
        if (n % 2 === 0) await when(socket, 'data');
        socket.resetAndDestroy();
        await when(socket, 'close');
      }
      const { status } = await ask(http, { port: program.address.port });
      assert.equal(status, 200);
    });

    it('destroys the socket of a request', async () => {
      await assert.rejects(ask(http, { port: program.address.port, path: '/reset' }), { code: 'ECONNRESET' });
    });
  });

  it('an http server that closes lets its process end', async () => {
    const program = await serve({ file: fixture('http.js'), preload: 'require' });
    const agent = new http.Agent({ keepAlive: true });
    const idle = await ask(http, { port: program.address.port, agent });
    assert.equal(idle.status, 200);
    const { status } = await ask(http, { port: program.address.port, path: '/close' });
    assert.equal(status, 200);
    const { code, signal, stderr } = await program.closed;
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    agent.destroy();
  });

  it('leaves https to libuv', () =>
    withProgram({ file: fixture('https.js'), preload: 'require' }, async (program) => {
      const { port } = program.address;
      const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
      const answer = await ask(https, { port, agent });
      assert.deepEqual([answer.status, String(answer.body)], [200, 'secure true from 127.0.0.1\n']);
      const body = crypto.randomBytes(1024 * 1024);
      const echo = await ask(https, { port, agent, path: '/echo', method: 'POST' }, body);
      assert.ok(echo.body.equals(body));
      await assertOnLibuv(program);
      agent.destroy();
    }));

  it('https: what the system does not take at once arrives whole, at clients that read in their own time', () =>
    withProgram({ file: fixture('https.js'), preload: 'require' }, async (program) => {
      const read = async () => {
        const request = https.get({
          host: '127.0.0.1',
          port: program.address.port,
          path: '/big',
          agent: false,
          rejectUnauthorized: false,
        });
        const [response] = await when(request, 'response');
        let at = 0;
        for await (const chunk of response) {
          for (let i = (4 - (at % 4)) % 4; i + 4 <= chunk.length; i += 4096) {
            assert.equal(chunk.readUInt32BE(i), at + i);
          }
          at += chunk.length;
          await new Promise(setImmediate);
        }
        assert.equal(at, 8 * 1024 * 1024);
      };
      await Promise.all(Array.from({ length: 10 }, read));
      await assertOnLibuv(program);
    }));

  for (const kind of ['plain', 'secure']) {
    it(`leaves http2 to libuv (${kind})`, () =>
      withProgram({ file: fixture('http2.js'), args: [kind], preload: 'require' }, async (program) => {
        const scheme = kind === 'secure' ? 'https' : 'http';
        const session = http2.connect(`${scheme}://127.0.0.1:${program.address.port}`, {
          rejectUnauthorized: false,
        });
        const broken = new Promise((_resolve, reject) => session.on('error', reject));
        broken.catch(() => {});
        const get = (headers, sent) => {
          const answer = new Promise((resolve, reject) => {
            const chunks = [];
            const stream = session.request(headers);
            stream.on('data', (chunk) => chunks.push(chunk));
            stream.on('end', () => resolve(Buffer.concat(chunks)));
            stream.on('error', reject);
            stream.end(sent);
          });
          return Promise.race([answer, broken]);
        };
        const texts = await Promise.all([1, 2, 3, 4, 5].map((n) => get({ ':path': `/${n}` })));
        assert.deepEqual(
          texts.map(String),
          [1, 2, 3, 4, 5].map((n) => `GET /${n}\n`),
        );
        const body = crypto.randomBytes(1024 * 1024);
        assert.ok((await get({ ':path': '/echo', ':method': 'POST' }, body)).equals(body));
        await assertOnLibuv(program);
        session.close();
        await when(session, 'close');
      }));
  }

  describe('clients and the rest of a program', () => {
    let origin;
    let port;
    before(async () => {
      origin = http
        .createServer((request, response) => response.end(`origin ${request.url}`))
        .listen(0, '127.0.0.1');
      await when(origin, 'listening');
      ({ port } = origin.address());
    });
    after(() => {
      origin.closeAllConnections();
      origin.close();
    });

    const ends = async (source, options = {}) => {
      const { code, signal, stdout, stderr } = await run({ source, preload: 'require', ...options });
      assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
      return stdout;
    };

    it('http.get and net.connect go over the port', async () => {
      const stdout = await ends(`
        const http = require('node:http');
        const { engine } = require('iocp-net/engine');
        const { libuvHandles } = require(${LIBUV_HANDLES});
        http.get({ host: '127.0.0.1', port: ${port}, path: '/x' }, (response) => {
          const handles = libuvHandles();
          response.setEncoding('utf8').on('data', (text) => console.log(text, handles.length, engine.counters.connectedEndpoints));
        });`);
      assert.equal(stdout, 'origin /x 0 1\n');
    });

    it('an agent with keep-alive reuses its connection', async () => {
      const stdout = await ends(`
        const http = require('node:http');
        const { engine } = require('iocp-net/engine');
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        let left = 5;
        (function next() {
          http.get({ host: '127.0.0.1', port: ${port}, path: '/' + left, agent }, (response) => {
            response.resume().on('end', () => {
              if (--left > 0) return next();
              console.log(engine.counters.connectedEndpoints);
              agent.destroy();
            });
          });
        })();`);
      assert.equal(stdout, '1\n');
    });

    it('fetch works', async () => {
      const stdout = await ends(
        `fetch('http://127.0.0.1:${port}/fetched').then((r) => r.text()).then((t) => console.log(t));`,
      );
      assert.equal(stdout, 'origin /fetched\n');
    });

    it('standard streams are what they were', async () => {
      const text = 'x'.repeat(1_000_000);
      const stdout = await ends(`process.stdin.pipe(process.stdout);`, { input: text });
      assert.equal(stdout.length, text.length);
    });

    it('child processes talk over their pipes', async () => {
      const stdout = await ends(`
        const { execFile, fork, spawn } = require('node:child_process');
        execFile(process.execPath, ['-p', '6 * 7'], (error, out) => {
          console.log(error, out.trim());
          const cat = spawn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout)']);
          let back = '';
          cat.stdout.on('data', (chunk) => (back += chunk));
          cat.on('close', (code) => console.log(code, back));
          cat.stdin.end('through a child');
        });`);
      assert.equal(stdout, 'null 42\n0 through a child\n');
    });

    it('a worker has a port of its own', async () => {
      const stdout = await ends(`
        const { Worker } = require('node:worker_threads');
        new Worker(\`
          const net = require('node:net');
          const { engine } = require('iocp-net/engine');
          const { libuvHandles } = require(${LIBUV_HANDLES.replaceAll('\\', '\\\\')});
          const server = net.createServer((socket) => socket.end('x')).listen(0, '127.0.0.1', () => {
            net.connect(server.address().port, '127.0.0.1').resume().on('close', () => {
              const handles = libuvHandles();
              console.log(engine.name, handles.length, engine.counters.acceptedEndpoints);
              server.close();
            });
          });\`, { eval: true });`);
      assert.equal(stdout, `${ENGINE} 0 1\n`);
    });
  });
});
