'use strict';

// install() and uninstall(), iocp-net/http, and what NODE_DEBUG=iocp-net prints.

const assert = require('node:assert/strict');
const net = require('node:net');
const path = require('node:path');
const { freePort } = require('../support/sockets.js');
const { run, ENGINE } = require('../support/program.js');

const program = (name) => path.join(__dirname, 'programs', name);

async function output(options) {
  const { code, signal, stdout, stderr } = await run(options);
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
  return { stdout, stderr };
}

describe('installing by hand', function () {
  this.timeout(120_000);

  it('install() changes what every import sees, uninstall() leaves nothing behind', async () => {
    const { stdout } = await output({ file: program('install.mjs') });
    assert.deepEqual(JSON.parse(stdout), {
      named: [true, true, true, true],
      changed: true,
      installed: [200, 1, 1],
      left: [],
      namedAgain: true,
      uninstalled: [200, 0, 0],
      again: [200, 1, 1],
    });
  });

  it('iocp-net/http: a server and an agent on the port, the rest on libuv', async () => {
    const { stdout } = await output({ file: program('explicit.js') });
    assert.deepEqual(JSON.parse(stdout), [
      ...['/a for 127.0.0.1', '/b for 127.0.0.1', [1, 1], '/libuv for 127.0.0.1', 1],
      ...['/a for 127.0.0.1', '/b for 127.0.0.1', [2, 1], '/libuv for 127.0.0.1', 1],
    ]);
  });

  it('NODE_DEBUG=iocp-net prints what carries each server and socket', async () => {
    const source = `
      const net = require('node:net');
      const server = net.createServer((socket) => socket.end('x')).listen(0, '127.0.0.1', () =>
        net.connect(server.address().port, '127.0.0.1').resume().on('close', () => server.close()));`;
    const { stderr } = await output({ source, preload: 'require', env: { NODE_DEBUG: 'iocp-net' } });
    assert.match(stderr, new RegExp(`Server on 127\\.0\\.0\\.1:\\d+: the ${ENGINE} port`));
    assert.match(stderr, new RegExp(`socket to 127\\.0\\.0\\.1:\\d+: the ${ENGINE} port`));
    assert.match(stderr, new RegExp(`Server accepts 127\\.0\\.0\\.1:\\d+: the ${ENGINE} port`));
  });

  it('connections of tls keep the errors and addresses that node gives them', async () => {
    const source = `
      const tls = require('node:tls');
      const port = ${await freePort(net)};
      const events = [];
      const socket = tls.connect({ host: '127.0.0.1', port });
      events.push([socket.connecting, socket.pending, socket.readyState, socket.encrypted]);
      for (const name of ['lookup', 'connectionAttempt', 'connect', 'ready', 'close'])
        socket.on(name, (...args) => events.push([name, args.length, name === 'close' && args[0]]));
      socket.on('error', ({ code, syscall, address, port: at }) => events.push([code, syscall, address, at === port]));
      socket.on('close', () => console.log(JSON.stringify(events)));`;
    const plain = await output({ source });
    const ours = await output({ source, preload: 'require' });
    assert.equal(ours.stdout, plain.stdout);
    assert.match(plain.stdout, /ECONNREFUSED/);
  });

  it('a write after a batch follows the one inside it', async () => {
    const source = `
      const net = require('node:net');
      const server = net.createServer((socket) => {
        socket.on('data', () => {
          socket.write('in the batch, ');
          setImmediate(() => { socket.write('after it, '); setTimeout(() => socket.end('later'), 1); });
        });
      }).listen(0, '127.0.0.1', () => {
        let text = '';
        const client = net.connect(server.address().port, '127.0.0.1', () => client.write('go'));
        client.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        client.on('end', () => { console.log(text); server.close(); });
      });`;
    const { stdout } = await output({ source, preload: 'require' });
    assert.equal(stdout, 'in the batch, after it, later\n');
  });

  it('what an idle connection of an agent receives unasked is no answer to the next request', async () => {
    const source = `
      const net = require('node:net'), http = require('node:http');
      const answer = 'HTTP/1.1 200 OK\\r\\ncontent-length: 4\\r\\n\\r\\n';
      let connections = 0;
      const server = net.createServer((socket) => {
        connections++;
        socket.on('error', () => {}).on('data', () => {
          socket.write(answer + 'good');
          setTimeout(() => socket.write(answer + 'evil'), 20);
        });
      }).listen(0, '127.0.0.1', () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        let idle;
        agent.on('free', (socket) => (idle = socket));
        const get = () => new Promise((resolve, reject) => http.get({ port: server.address().port, host: '127.0.0.1', agent }, (response) => {
          let text = ''; response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
        }).on('error', reject));
        get().then(async (first) => {
          while (idle === undefined || (!idle.destroyed && idle.bytesRead < 2 * (answer + 'good').length))
            await new Promise((resolve) => setTimeout(resolve, 1));
          await new Promise((resolve) => setTimeout(resolve, 50));
          console.log(first, await get(), connections);
          process.exit();
        });
      });`;
    const plain = await output({ source });
    const ours = await output({ source, preload: 'require' });
    assert.equal(ours.stdout, plain.stdout);
    const withAgent = source.replace('new http.Agent', "new (require('iocp-net/http').Agent)");
    assert.equal((await output({ source: withAgent })).stdout, plain.stdout);
  });

  it('install() has Node list our servers and sockets, uninstall() gives its functions back', async () => {
    const source = `
      const functions = () => [process._getActiveHandles, process._getActiveRequests, process.getActiveResourcesInfo, process.report.getReport];
      const before = functions();
      const { install, uninstall } = require('iocp-net/install');
      install();
      const net = require('node:net');
      const server = net.createServer().listen(0, '127.0.0.1', () => {
        const during = functions();
        const listed = process._getActiveHandles().includes(server);
        uninstall();
        const same = (list) => list.map((one, i) => one === before[i]);
        console.log(JSON.stringify([same(during), during.map(({ name, length }) => [name, length]), listed, same(functions())]));
        server.close();
      });`;
    const { stdout } = await output({ source });
    const names = ['_getActiveHandles', '_getActiveRequests', 'getActiveResourcesInfo', 'getReport'];
    const lengths = [process._getActiveHandles, process._getActiveRequests, process.getActiveResourcesInfo];
    const expected = names.map((name, i) => [name, (lengths[i] ?? process.report.getReport).length]);
    const all = (value) => names.map(() => value);
    assert.deepEqual(JSON.parse(stdout), [all(false), expected, true, all(true)]);
  });

  it('a function of that kind that somebody else has replaced since stays theirs', async () => {
    const source = `
      const { install, uninstall } = require('iocp-net/install');
      install();
      const { _getActiveHandles } = process;
      process._getActiveHandles = () => _getActiveHandles().concat('theirs');
      const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
        const listed = () => [process._getActiveHandles().includes(server), process._getActiveHandles().at(-1)];
        const during = listed();
        uninstall();
        console.log(JSON.stringify([during, listed()]));
        server.close();
      });`;
    const { stdout } = await output({ source });
    assert.deepEqual(JSON.parse(stdout), [
      [true, 'theirs'],
      [false, 'theirs'],
    ]);
  });
});
