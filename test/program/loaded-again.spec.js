'use strict';

// The package is loaded again, from another folder, in another version, or into a context of its own: one engine carries
// the environment, and uninstall() puts node:net back.

const assert = require('node:assert/strict');
const path = require('node:path');
const { packageCopies, removeCopies } = require('../support/package-copy.js');
const { run, ENGINE } = require('../support/program.js');

// Node's own loader is within reach of a foreign context since these.
const [major, minor] = process.versions.node.split('.').map(Number);
const reachesLoader = major > 20 || (major === 20 && minor >= 16);

/** Everything that install() may touch, to the last flag of a property. */
const SNAPSHOT = `
  const snapshot = () => {
    const all = [];
    const identity = new Map();
    globalThis.identities ??= new Map();
    const id = (value) => {
      if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) return String(value);
      if (!identities.has(value)) identities.set(value, identities.size);
      return '#' + identities.get(value);
    };
    const [net, http, http2, tls, tty] = ['net', 'http', 'http2', 'tls', 'tty'].map((name) => require('node:' + name));
    for (const object of [net, net.Socket, Object.getPrototypeOf(process.stdin), builtinSocket.prototype, net.Server,
      net.Server.prototype, http, http.Agent.prototype, http.Server.prototype, http2, tls, tls.TLSSocket.prototype,
      tls.Server.prototype, tty, tty.ReadStream.prototype, tty.WriteStream.prototype]) {
      all.push(id(object), id(Object.getPrototypeOf(object)), Object.isFrozen(object));
      for (const key of Reflect.ownKeys(object)) {
        const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(object, key);
        all.push([String(key), id(value), id(get), id(set), flags]);
      }
    }
    return JSON.stringify(all);
  };`;

async function output(source, options) {
  const { code, signal, stdout, stderr } = await run({ source, ...options });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

describe('the package, loaded again', function () {
  this.timeout(120_000);

  it('has one engine, however often require.cache is emptied', async () => {
    const result = await output(`
      const { PerformanceObserver } = require('node:perf_hooks');
      const fs = require('node:fs');
      const descriptors = () => process.platform === 'linux' ? fs.readdirSync('/proc/self/fd').length : 0;
      const first = require('iocp-net');
      const { rss } = process.memoryUsage();
      let before;
      let same = true;
      for (let i = 0; i < 100; i++) {
        // The first round has loaded http2, which has a descriptor of its own.
        if (i === 1) before = [descriptors(), PerformanceObserver.prototype.observe, process.listenerCount('exit')];
        for (const key of Object.keys(require.cache)) delete require.cache[key];
        const again = require('iocp-net');
        require('iocp-net/engine').engine.name;
        require('iocp-net/http').Agent;
        require('iocp-net/install').install();
        same &&= again === first && again.Socket === first.Socket;
      }
      const after = [descriptors(), PerformanceObserver.prototype.observe, process.listenerCount('exit')];
      const { engine } = require('iocp-net/engine');
      const net = require('node:net');
      const socket = new first.Socket();
      console.log(JSON.stringify({
        same, flat: after[0] - before[0] < 5 && before[1] === after[1] && before[2] === after[2],
        grownMiB: Math.max(0, (process.memoryUsage().rss - rss) >> 20) >> 6,
        installed: net.Socket === first.Socket && net.connect === first.connect,
        instance: socket instanceof net.Socket,
        name: engine.name,
      }));`);
    assert.deepEqual(result, {
      same: true,
      flat: true,
      grownMiB: 0,
      installed: true,
      instance: true,
      name: ENGINE,
    });
  });

  it('carries on what was open before', async () => {
    const result = await output(`
      const old = require('iocp-net');
      const server = old.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1', () => {
        for (const key of Object.keys(require.cache)) delete require.cache[key];
        const net = require('iocp-net');
        const client = net.connect(server.address().port, '127.0.0.1', () => client.end('over both'));
        let text = '';
        client.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('close', () => {
          server.close();
          const { engine } = require('iocp-net/engine');
          console.log(JSON.stringify([text, engine.counters.acceptedEndpoints, engine.counters.connectedEndpoints]));
        });
      });`);
    assert.deepEqual(result, ['over both', 1, 1]);
  });

  it('leaves the connections of an agent in their pool, to be used again', async () => {
    const result = await output(`
      const { install, uninstall } = require('iocp-net/install');
      install();
      const http = require('node:http');
      const agent = new http.Agent({ keepAlive: true });
      const server = http.createServer((request, response) => response.end('answer')).listen(0, '127.0.0.1');
      const get = () =>
        new Promise((resolve) => {
          const { port } = server.address();
          const request = http.get({ host: '127.0.0.1', port, agent }, (response) => {
            response.resume().on('end', () => resolve([response.statusCode, request.reusedSocket]));
          });
          request.on('error', (error) => resolve([error.code, request.reusedSocket]));
        });
      server.on('listening', async () => {
        const answers = [await get()];
        await new Promise(setImmediate);
        uninstall();
        answers.push(await get(), await get());
        console.log(JSON.stringify(answers));
        agent.destroy();
        server.close();
      });`);
    assert.deepEqual(result, [
      [200, false],
      [200, true],
      [200, true],
    ]);
  });

  describe('from several folders', () => {
    let folder;
    before(() => {
      folder = packageCopies(['one', 'two', 'three'], (text, file) =>
        file === 'three/shared.js' ? text.replace(/BOUNDARY = \d+/, 'BOUNDARY = 4711') : text,
      );
    });
    after(() => removeCopies(folder));

    it('has one engine and one set of classes', async () => {
      const result = await output(
        `
        const [one, two] = [require('one'), require('two')];
        const engines = [require('one/engine').engine, require('two/engine').engine];
        const server = two.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
          const client = one.connect(server.address().port, '127.0.0.1').resume();
          client.on('close', () => {
            server.close();
            console.log(JSON.stringify({
              same: Object.keys(one).every((name) => one[name] === two[name]),
              instance: client instanceof two.Socket && server instanceof one.Server,
              engines: engines.map(({ name, counters }) => [name, counters.acceptedEndpoints, counters.connectedEndpoints]),
            }));
          });
        });`,
        { cwd: folder },
      );
      assert.deepEqual(result, {
        same: true,
        instance: true,
        engines: [
          [ENGINE, 1, 1],
          [ENGINE, 1, 1],
        ],
      });
    });

    it('is node:net where its engine would be a second one, and says so', async () => {
      const result = await output(
        `
        const node = require('node:net');
        const builtin = { ...node };
        const one = require('one');
        const three = require('three');
        const { engine } = require('three/engine');
        const socket = new three.Socket();
        require('three/install').install();
        const untouched = node.Socket === builtin.Socket;
        require('three/install').uninstall();
        require('one/install').install();
        console.log(JSON.stringify({
          name: engine.name, reason: engine.reason, first: require('one/engine').engine.name, untouched,
          builtin: Object.keys(builtin).every((name) => three[name] === node[name]),
          instance: socket instanceof one.Socket, installed: three.Socket === one.Socket,
        }));`,
        { cwd: folder },
      );
      const { reason, ...rest } = result;
      assert.match(reason, /iocp-net \S+ in .*one.* carries the sockets here/);
      assert.deepEqual(rest, {
        name: 'libuv',
        first: ENGINE,
        untouched: true,
        builtin: true,
        instance: true,
        installed: true,
      });
    });

    it('prints that under NODE_DEBUG, and doctor says what to do', async () => {
      const { stderr } = await run({
        source: "require('one'); require('three');",
        cwd: folder,
        env: { NODE_DEBUG: 'iocp-net' },
      });
      assert.match(stderr, /node:net carries everything: .*cannot share .*three; install one version/);
      const { code, stdout } = await run({
        file: path.join(folder, 'node_modules', 'three', 'dist', 'cli.js'),
        execArgv: ['--require', 'one'],
        args: ['doctor'],
        cwd: folder,
      });
      assert.equal(code, 1);
      assert.match(stdout, /what to do +install one version of iocp-net/);
    });

    for (const order of [
      'one two one two',
      'one two two one',
      'two one two one',
      'one one two one one two',
    ]) {
      it(`puts node:net back exactly: ${order}`, async () => {
        const result = await output(
          `
          const builtinSocket = require('node:net').Socket;
          ${SNAPSHOT}
          require('one'); require('two');
          const before = snapshot();
          const states = [];
          const held = new Set();
          const half = ${JSON.stringify(order.split(' '))};
          const net = require('node:net');
          half.forEach((name, at) => {
            const { install, uninstall } = require(name + '/install');
            if (at < half.length / 2) { install(); held.add(name); } else { uninstall(); held.delete(name); }
            states.push((net.Socket !== builtinSocket) === (held.size > 0));
          });
          console.log(JSON.stringify([states, snapshot() === before]));`,
          { cwd: folder },
        );
        assert.deepEqual(result, [order.split(' ').map(() => true), true]);
      });
    }
  });

  it('is loaded once for all contexts of a test runner', async function () {
    if (!reachesLoader) this.skip(); // no process.getBuiltinModule()
    const result = await output(`
      const fs = require('node:fs');
      const path = require('node:path');
      const vm = require('node:vm');
      /** As test runners do it: every file is compiled in the context, process is a copy. */
      function load(id) {
        const globals = { process: Object.create(Object.getPrototypeOf(process), Object.getOwnPropertyDescriptors(process)), console };
        globals.process.getBuiltinModule = (name) =>
          name.endsWith('module') ? { createRequire: (file) => from(String(file)) } : require(name);
        const context = vm.createContext(globals);
        const cache = new Map();
        const from = (parent) => (name) => {
          if (name.startsWith('node:')) return require(name);
          const file = require('node:module').createRequire(parent).resolve(name);
          if (!cache.has(file)) {
            const module = { exports: {} };
            cache.set(file, module);
            const text = fs.readFileSync(file, 'utf8');
            if (file.endsWith('.json')) module.exports = JSON.parse(text);
            else vm.compileFunction(text, ['module', 'exports', 'require', '__filename', '__dirname'], { parsingContext: context, filename: file })
              .call(module.exports, module, module.exports, from(file), file, path.dirname(file));
          }
          return cache.get(file).exports;
        };
        const loaded = { net: from(path.resolve('x.js'))(id), engine: from(path.resolve('x.js'))(id + '/engine').engine };
        for (const name of Object.keys(globals)) delete globals[name];
        return loaded;
      }
      const contexts = [load('iocp-net'), load('iocp-net'), load('iocp-net')];
      const [{ net, engine }] = contexts;
      const server = net.createServer((socket) => socket.end('x')).listen(0, '127.0.0.1', () => {
        contexts[2].net.connect(server.address().port, '127.0.0.1').resume().on('close', () => {
          server.close();
          console.log(JSON.stringify({
            same: contexts.every((one) => one.net === require('iocp-net')),
            name: engine.name, counts: [engine.counters.acceptedEndpoints, engine.counters.connectedEndpoints],
          }));
        });
      });`);
    assert.deepEqual(result, { same: true, name: ENGINE, counts: [1, 1] });
  });

  // As on Bun and Deno, whose own net it is: what makes them out is their version.
  it('prints that another runtime carries its own sockets', async () => {
    const { code, stdout, stderr } = await run({
      source: `
        Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '9.9.9' } });
        console.log(require('iocp-net') === require('node:net'));`,
      env: { NODE_DEBUG: 'iocp-net' },
    });
    assert.equal(code, 0);
    assert.match(stdout, /^true/);
    assert.match(stderr, /node:net carries everything: Bun 9\.9\.9 carries its own sockets; nothing/);
  });

  it('is one in an ES module with a query, too', async () => {
    const result = await output(`
      (async () => {
        const { pathToFileURL } = require('node:url');
        const url = pathToFileURL(require.resolve('iocp-net')).href;
        const [a, b] = await Promise.all([import(url + '?a'), import(url + '?b')]);
        console.log(JSON.stringify([a.Socket === b.Socket, a.connect === require('iocp-net').connect]));
      })();`);
    assert.deepEqual(result, [true, true]);
  });
});
