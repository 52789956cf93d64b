'use strict';

// Every example runs with the preload and does what its text says.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events'); // the suite's time is the guard: a start under Wine takes long
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { packageCopies, removeCopies } = require('../support/package-copy.js');
const { run } = require('../support/program.js');
const { packageRoot } = require('../support/transports.js');
const { needsPackages, ecosystemFolder } = require('../support/ecosystem-packages.js');
const { freePort, when } = require('../support/sockets.js');

const FOLDER = path.join(packageRoot, 'examples');
const REPORT = `data:text/javascript,
  import { createRequire } from 'node:module';
  const { engine } = createRequire(${JSON.stringify(`${packageRoot}/`)})('iocp-net/engine');
  process.once('SIGTERM', () => {
    console.log('accepted ' + engine.counters.acceptedEndpoints);
    process.exit();
  });`;

const tested = new Set(['the-path', 'README.md']);
let child;
let output;

function start(name, env = {}) {
  tested.add(name);
  output = '';
  const preload = ['--require', 'iocp-net/register', '--import', REPORT];
  child = spawn(process.execPath, [...preload, path.join(FOLDER, name)], {
    cwd: packageRoot,
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      child.emit('output');
    });
  }
}

async function outputOf(pattern) {
  for (;;) {
    const found = pattern.exec(output);
    if (found !== null) return found;
    assert.equal(child.exitCode, null, output);
    await Promise.race([once(child, 'output'), once(child, 'close')]);
  }
}

async function end() {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await when(child, 'close');
}

/** Ends the example with a report of what the port accepted there. Windows has no SIGTERM to answer. */
async function accepted() {
  if (process.platform === 'win32') return;
  child.kill('SIGTERM');
  await outputOf(/accepted [1-9]/);
}

function get(port) {
  return new Promise((resolve, reject) => {
    http
      .get({ port, host: 'localhost', agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.once('end', () => resolve(text));
      })
      .once('error', reject);
  });
}

describe('examples', function () {
  this.timeout(120_000);
  afterEach(end);

  async function greets(name, greeting, env = {}) {
    const port = await freePort(net); // their lines show the port that was asked for
    start(name, { PORT: String(port), ...env });
    await outputOf(/http:/);
    assert.equal(await get(port), greeting);
    await accepted();
  }

  it('express.js', () => greets('express.js', 'Hello from Express\n'));

  describe('with a framework of test/ecosystem', () => {
    needsPackages();
    for (const [name, greeting] of Object.entries({
      'fastify.js': 'Hello from Fastify\n',
      'koa.js': 'Hello from Koa\n',
      'hapi.js': 'Hello from hapi\n',
      'nest.js': 'Hello from Nest\n',
    })) {
      tested.add(name); // these run last
      it(name, () => greets(name, greeting, { NODE_PATH: ecosystemFolder }));
    }
  });

  it('express.js says in one line that its port is taken', async () => {
    const taken = net.createServer().listen(0);
    await when(taken, 'listening');
    const { port } = taken.address();
    start('express.js', { PORT: String(port) });
    await once(child, 'close');
    taken.close();
    assert.equal(output, `port ${port} is taken: PORT=... sets another\n`);
    assert.equal(child.exitCode, 1);
  });

  it('echo.js', async () => {
    start('echo.js');
    const [, port] = await outputOf(/port (\d+)/);
    const client = net.connect(port, 'localhost').setEncoding('utf8');
    client.end('to the cave');
    let text = '';
    for await (const chunk of client) text += chunk;
    assert.equal(text, 'to the cave');
    await accepted();
  });

  it('chat.js', async () => {
    start('chat.js');
    const [, port] = await outputOf(/telnet localhost (\d+)/);
    const enter = (name) => {
      const socket = net.connect(port, 'localhost').setEncoding('utf8');
      const person = { socket, name, read: '' };
      socket.on('error', () => {}); // the room is closed around the last of them
      socket.on('data', (text) => {
        person.read += text;
      });
      return person;
    };
    const reads = async (person, pattern) => {
      while (!pattern.test(person.read)) await once(person.socket, 'data');
    };
    const people = ['ada', 'grace'].map(enter);
    for (const person of people) {
      await reads(person, /Your name\? /);
      person.socket.write(`${person.name}\r\n`);
      await reads(person, new RegExp(`${person.name} is here`));
    }
    const [ada, grace] = people;
    ada.socket.write('good morning\r\n');
    await reads(grace, /ada: good morning/);
    ada.socket.end();
    await reads(grace, /ada has left/);
    grace.socket.end();
    await accepted();
  });

  it('local.js', async () => {
    start('local.js');
    await once(child, 'close');
    assert.equal(child.exitCode, 0);
    assert.match(output, /listening on .*\nhello from the other side\n$/);
  });

  it('cluster.js', async () => {
    start('cluster.js');
    const [, port] = await outputOf(/localhost:(\d+)/);
    const answers = new Set([await get(port), await get(port)]);
    assert.deepEqual([...answers].sort(), ['Hello from worker 1\n', 'Hello from worker 2\n']);
  });

  it('workers.js', async () => {
    start('workers.js');
    const [, first, second] = await outputOf(/localhost:(\d+)[\s\S]*localhost:(\d+)/);
    const answers = [await get(first), await get(second)];
    assert.deepEqual(answers.sort(), ['Hello from thread 1\n', 'Hello from thread 2\n']);
  });

  it('proxy.js', async () => {
    const target = net.createServer((socket) => socket.end('behind the proxy')).listen(0, 'localhost');
    await when(target, 'listening');
    start('proxy.js', { TARGET: `localhost:${target.address().port}` });
    const [, port] = await outputOf(/port (\d+) leads/);
    let text = '';
    for await (const chunk of net.connect(port, 'localhost').setEncoding('utf8')) text += chunk;
    assert.equal(text, 'behind the proxy');
    target.close();
    await accepted();
  });

  it('transfer.js', async () => {
    start('transfer.js', { FILE: path.join(packageRoot, 'package-lock.json') });
    await once(child, 'close');
    assert.equal(child.exitCode, 0, output);
    assert.match(output, /\[#{40}\] 100 %\n\d+ bytes of .*: the same\n$/);
  });

  it('bench-mine.js', async () => {
    start('bench-mine.js', { ROUNDS: '1', REQUESTS: '100', PORT: '' });
    await once(child, 'close');
    assert.equal(child.exitCode, 0, output);
    assert.match(output, /^node:net +[\d.]+ µs .*\niocp-net +[\d.]+ µs/);
  });

  it('bench-mine.js ends, and so does the program, when that answers no more', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-examples-'));
    try {
      const program = path.join(folder, 'app.js');
      const source = `
        const server = require('node:http').createServer((request) => request.socket.destroy());
        server.listen(process.env.PORT, () => console.log('up'));`;
      fs.writeFileSync(program, source);
      start('bench-mine.js', { ROUNDS: '1', REQUESTS: '1', PORT: '', PROGRAM: program });
      await once(child, 'close'); // the program has inherited what it reads
      assert.equal(child.exitCode, 1, output);
      assert.match(output, /ECONNRESET/);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it('bench-mine.js, copied beside a program of a project that has the package', async () => {
    const project = packageCopies(['iocp-net']);
    try {
      fs.copyFileSync(path.join(FOLDER, 'bench-mine.js'), path.join(project, 'bench-mine.js'));
      const program = `
        const server = require('node:http').createServer((_request, response) => response.end('mine'));
        server.listen(process.env.PORT, () => console.log('up'));`;
      fs.writeFileSync(path.join(project, 'app.js'), program);
      const env = { ROUNDS: '1', REQUESTS: '100', PORT: '', PROGRAM: path.join(project, 'app.js') };
      const { code, stdout, stderr } = await run({
        file: path.join(project, 'bench-mine.js'),
        cwd: project,
        env,
      });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^node:net +[\d.]+ µs .*\niocp-net +[\d.]+ µs/);
    } finally {
      removeCopies(project);
    }
  });

  it('all of them are here', () => {
    assert.deepEqual(
      fs.readdirSync(FOLDER).filter((name) => !tested.has(name)),
      [],
    );
  });
});
