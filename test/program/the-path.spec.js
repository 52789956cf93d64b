'use strict';

// The programs with which Node was first shown, and the errors that their readers met first. Each runs as it is on
// node:net and under the preload: exit code, output and the error that ends it have to be the same.

const assert = require('node:assert/strict');
const http = require('node:http');
const net = require('node:net');
const { choice } = require('../support/transports.js');
const { run } = require('../support/program.js');
const { when, close, deferred, within } = require('../support/sockets.js');
const { spawn } = require('node:child_process');
const { PRELOADS } = require('../support/program.js');
const { packageRoot } = require('../support/transports.js');

const SIDES = { node: ['none'], ours: ['require'], both: ['none', 'require'] }[choice];

/** What a program says when it ends, without the places in files and without the port. */
function outcome({ code, signal, stdout, stderr }, port) {
  const lines = stderr
    .split('\n')
    .filter(
      (line) => !/^\s+at |^node:|^\[eval\]|^<anonymous_script>|^\s*\^|^\/|^[A-Z]:\\|^Node\.js v/.test(line),
    )
    .filter((line) => /^\S|^ {2}\w+: /.test(line) && !/^\s*(throw|var|server|net|http)\b/.test(line));
  return JSON.parse(JSON.stringify({ code, signal, stdout, lines }).replaceAll(String(port), '<port>'));
}

/** Runs the source on every side and requires one result; hands it back. */
async function everywhere(source, port) {
  const results = [];
  for (const preload of SIDES) results.push(outcome(await run({ source, preload }), port));
  for (const result of results) assert.deepEqual(result, results[0]);
  return results[0];
}

/** A server program that is up; `source` prints its port. `body` gets the port. */
async function whileItRuns(source, preload, body) {
  const child = spawn(process.execPath, [...PRELOADS[preload], '-e', source], {
    cwd: packageRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  const ended = when(child, 'close', 60_000);
  ended.catch(() => {});
  const printed = deferred();
  child.stdout.on('data', (text) => printed.resolve(Number(text)));
  child.once('close', () => printed.reject(new Error(`it ended: ${stderr}`)));
  try {
    return await body(await within(printed.promise, 'the port'), () => stderr);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

const refused = /^(Error: )?connect ECONNREFUSED 127\.0\.0\.1:<port>$/;

describe('the path of 2009', function () {
  this.timeout(120_000);
  let taken;
  let free;
  before(async () => {
    taken = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await when(taken, 'listening');
    const other = net.createServer().listen(0, '127.0.0.1');
    await when(other, 'listening');
    free = other.address().port;
    await close(other);
  });
  after(() => close(taken));

  for (const preload of SIDES) {
    describe(preload === 'none' ? 'on node:net' : 'under the preload', () => {
      it('the HTTP server that says Hello World', () =>
        whileItRuns(
          `var http = require('http');
           var server = http.createServer(function (req, res) {
             res.writeHead(200, { 'Content-Type': 'text/plain' });
             res.end('Hello World\\n');
           });
           server.listen(0, '127.0.0.1', function () { console.log(server.address().port); });`,
          preload,
          async (port) => {
            for (let n = 0; n < 3; n++) {
              const [response] = await when(http.get({ port, host: '127.0.0.1', agent: false }), 'response');
              let text = '';
              response.on('data', (chunk) => (text += chunk));
              await when(response, 'end');
              assert.deepEqual(
                [response.statusCode, response.headers['content-type'], text],
                [200, 'text/plain', 'Hello World\n'],
              );
            }
          },
        ));

      it('the TCP server that echoes', () =>
        whileItRuns(
          `var net = require('net');
           var server = net.createServer(function (socket) {
             socket.write('Echo server\\r\\n');
             socket.pipe(socket);
           });
           server.listen(0, '127.0.0.1', function () { console.log(server.address().port); });`,
          preload,
          async (port) => {
            const socket = net.connect(port, '127.0.0.1');
            let text = '';
            socket.on('data', (chunk) => (text += chunk));
            socket.end('and back');
            await when(socket, 'close');
            assert.equal(text, 'Echo server\r\nand back');
          },
        ));

      it('the chat server', () =>
        whileItRuns(
          `var net = require('net');
           var people = [];
           var server = net.createServer(function (person) {
             person.setEncoding('utf8');
             people.push(person);
             person.write('hello ' + people.length + '\\n');
             person.on('data', function (text) {
               people.forEach(function (other) { if (other !== person) other.write(text); });
             });
             person.on('end', function () {
               people.splice(people.indexOf(person), 1);
               people.forEach(function (other) { other.write('one left\\n'); });
               person.end();
             });
           });
           server.listen(0, '127.0.0.1', function () { console.log(server.address().port); });`,
          preload,
          async (port) => {
            const received = { a: '', b: '' };
            const socket = {};
            for (const name of ['a', 'b']) {
              socket[name] = net.connect(port, '127.0.0.1').setEncoding('utf8');
              socket[name].on('data', (text) => (received[name] += text));
              await when(socket[name], 'data');
            }
            const reaches = when(socket.b, 'data');
            socket.a.write('good morning\n');
            await reaches;
            const leaves = when(socket.b, 'data');
            socket.a.end();
            await leaves;
            socket.b.end();
            await when(socket.b, 'close');
            assert.deepEqual(received, { a: 'hello 1\n', b: 'hello 2\ngood morning\none left\n' });
          },
        ));
    });
  }

  it('listens on a port that is taken', async () => {
    const { port } = taken.address();
    const source = `require('net').createServer(function () {}).listen(${port}, '127.0.0.1');`;
    const { code, signal, stdout, lines } = await everywhere(source, port);
    assert.deepEqual({ code, signal, stdout }, { code: 1, signal: null, stdout: '' });
    assert.ok(
      lines.includes('Error: listen EADDRINUSE: address already in use 127.0.0.1:<port>'),
      lines.join('\n'),
    );
    assert.ok(lines.includes("  code: 'EADDRINUSE',"), lines.join('\n'));
  });

  it('listens on a port that is taken, with http, and says so itself', async () => {
    const { port } = taken.address();
    const source = `
      var server = require('http').createServer();
      server.on('error', function (e) {
        console.log(e.code, e.syscall, e.address, e.port === ${port});
        server.listen(0, '127.0.0.1', function () { console.log('another one'); server.close(); });
      });
      server.listen(${port}, '127.0.0.1');`;
    assert.deepEqual(await everywhere(source, port), {
      code: 0,
      signal: null,
      stdout: 'EADDRINUSE listen 127.0.0.1 true\nanother one\n',
      lines: [],
    });
  });

  it('connects to nothing', async () => {
    const { code, lines } = await everywhere(`require('net').connect(${free}, '127.0.0.1');`, free);
    assert.equal(code, 1);
    assert.ok(
      lines.some((line) => refused.test(line)),
      lines.join('\n'),
    );
  });

  it('asks nothing for a page', async () => {
    const { code, lines } = await everywhere(`require('http').get('http://127.0.0.1:${free}/');`, free);
    assert.equal(code, 1);
    assert.ok(
      lines.some((line) => refused.test(line)),
      lines.join('\n'),
    );
  });

  it('asks a host that nobody knows', async () => {
    const { stdout } = await everywhere(
      `require('net').connect(80, 'no.such.host.invalid').on('error', function (e) {
         console.log(e.message, e.code, e.errno, e.syscall, e.hostname, Object.keys(e).join());
       });`,
      0.5,
    );
    assert.match(stdout, /^getaddrinfo E\w+ no\.such\.host\.invalid /);
  });

  const slips = {
    'a port that is none': `require('net').connect(70000);`,
    'a port that is text': `require('net').connect({ port: 'eighty' });`,
    'no port at all': `require('net').connect({});`,
    'listening on a port that is none': `require('net').createServer().listen(-1);`,
    'listening on no port': `require('net').createServer().listen({});`,
    'options that are a number': `require('net').createServer(8124);`,
    'a host that is no text': `require('net').connect({ port: 80, host: 1 });`,
    'a callback that is none': `require('net').createServer().listen(0, '127.0.0.1', 511, 'callback').close();`,
  };
  for (const [title, source] of Object.entries(slips)) {
    it(`gives ${title}`, async () => {
      const { code, lines } = await everywhere(source, 0.5);
      assert.equal(code, title.startsWith('a callback') ? 0 : 1);
      if (code === 1)
        assert.ok(
          lines.some((line) => /^(Type|Range)Error \[ERR_\w+\]: |^(Type|Range)Error: /.test(line)),
          lines.join('\n'),
        );
    });
  }

  const habits = {
    'writes after the end': `socket.end('x'); socket.write('y', function (e) { console.log('callback', e.code, e.message); });`,
    'writes after destroy': `socket.destroy(); console.log(socket.write('y', function (e) { console.log('callback', e.code, e.message); }));`,
    'writes null': `try { socket.write(null); } catch (e) { console.log(e.code, e.message); } socket.destroy();`,
    'writes a number': `try { socket.write(1); } catch (e) { console.log(e.code); } socket.destroy();`,
    'ends twice': `socket.end('x'); socket.end(function (e) { console.log('callback', e && e.code); });`,
    'sets a timeout and is idle': `socket.setTimeout(20, function () { console.log('timeout'); socket.destroy(); });`,
    'sets a timeout that is none': `try { socket.setTimeout('soon'); } catch (e) { console.log(e.code, e.message); } socket.destroy();`,
    'destroys with an error': `socket.destroy(new Error('enough'));`,
    'pauses and resumes': `socket.pause(); setTimeout(function () { socket.resume(); socket.end(); }, 20);`,
    'prints itself': `console.log(socket.readyState, socket.remotePort === port, typeof socket.localPort, socket.remoteFamily, String(socket)); socket.destroy();`,
  };
  for (const [title, body] of Object.entries(habits)) {
    it(`a client that ${title}`, async () => {
      const { port } = taken.address();
      const result = await everywhere(
        `var net = require('net');
         var port = ${port};
         var socket = net.connect(port, '127.0.0.1', function () {
           socket.removeAllListeners('data').resume();
           ${body}
         });
         socket.on('error', function (e) { console.log('error', e.code, e.message); });
         socket.on('close', function (hadError) { console.log('close', hadError); });`,
        port,
      );
      assert.deepEqual({ code: result.code, lines: result.lines }, { code: 0, lines: [] });
      assert.match(result.stdout, /close (true|false)\n$/);
    });
  }

  it('lets go of a client that was cut off', async () => {
    const source = `
      var net = require('net');
      var server = net.createServer(function (socket) {
        socket.on('error', function (e) { console.log(e.code, e.syscall, e.message, Object.keys(e).join()); });
        socket.on('close', function (hadError) { console.log('close', hadError); server.close(); });
        socket.write('x');
      });
      server.listen(0, '127.0.0.1', function () {
        var client = net.connect(server.address().port, '127.0.0.1');
        client.once('data', function () { client.resetAndDestroy(); });
      });`;
    const { code, stdout, lines } = await everywhere(source, 0.5);
    assert.deepEqual({ code, lines }, { code: 0, lines: [] });
    // Wine 8 shows a reset before the read as an end.
    if (process.platform !== 'win32') assert.match(stdout, /^ECONNRESET read read ECONNRESET /);
    assert.match(stdout, /close (true|false)\n$/);
  });
});
