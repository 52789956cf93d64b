'use strict';

// Node's permission model: what it forbids node:net it forbids the port, with the same errors; a package whose addon it
// forbids is node:net.

const assert = require('node:assert/strict');
const { run, ENGINE } = require('../support/program.js');
const { nodeMajor } = require('../support/sockets.js');

const MODEL = [
  nodeMajor < 22 ? '--experimental-permission' : '--permission',
  '--no-warnings',
  '--allow-fs-read=*',
];
const ADDONS = ['--allow-addons', '--allow-worker'];
// Up to Node 24 the model knows no network.
const knowsNet = process.allowedNodeEnvironmentFlags.has('--allow-net');

const ATTEMPTS = `
  const net = require(process.env.NET);
  const results = {};
  let name;
  const error = (e) => e && {
    name: e.name, message: e.message, code: e.code, own: Object.entries(e).filter(([key]) => key !== 'errors').sort(),
    errors: e.errors?.map(error),
  };
  process.on('uncaughtException', (e) => results[name].push(['uncaught', error(e)]));
  /** Many turns of the loop, and until the condition holds: a name takes its time to be looked up. */
  const settled = async (condition = () => true) => {
    const start = Date.now();
    for (let turn = 0; turn < 30 || (!condition() && Date.now() - start < 5_000); turn++)
      await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const addresses = [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }];
  const lookup = (count) => (host, options, found) => found(null, addresses.slice(0, count));
  const CALLS = {
    'listen': () => net.createServer().listen(0),
    'listen on an address': () => net.createServer().listen(0, '127.0.0.1'),
    'listen on IPv6': () => net.createServer().listen(0, '::1'),
    'listen on a name': () => net.createServer().listen(0, 'localhost'),
    'listen on a path': () => net.createServer().listen(process.platform === 'win32' ? '\\\\\\\\.\\\\pipe\\\\denied' : '/tmp/iocp-net-denied'),
    'connect': () => net.connect(PORT, '127.0.0.1'),
    'connect to a name': () => net.connect(PORT, 'localhost'),
    'connect from an address': () => net.connect({ port: PORT, host: '127.0.0.1', localAddress: '127.0.0.1' }),
    'connect with a lookup': () => net.connect({ port: PORT, host: 'x', lookup: lookup(1) }),
    'connect to several addresses': () => net.connect({ port: PORT, host: 'x', lookup: lookup(2) }),
    'connect to a path': () => net.connect('/nowhere/denied'),
    'connect later': () => new net.Socket().connect(PORT, '127.0.0.1'),
  };
  const PORT = 1;
  (async () => {
    if (process.env.DROP) {
      const { engine } = require('iocp-net/engine');
      // With permission first: what is dropped later is forbidden from then on.
      const server = net.createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      await new Promise((resolve) => server.close(resolve));
      process.permission.drop('net');
    }
    for (name of Object.keys(CALLS)) {
      results[name] = [];
      const events = results[name];
      try {
        const object = CALLS[name]();
        for (const event of ['listening', 'connect', 'lookup', 'connectionAttempt', 'connectionAttemptFailed', 'error', 'close']) {
          object.on(event, (...args) => events.push([event, args.map((arg) => arg instanceof Error ? error(arg) : arg)]));
        }
        events.push(['returned', object.destroyed, object.connecting, object.listening]);
        await settled(() => events.some(([event]) => event === 'error' || event === 'uncaught'));
        events.push(['later', object.destroyed, object.connecting, object.listening, object.autoSelectFamilyAttemptedAddresses]);
        if (object.close) object.close(); else object.destroy();
      } catch (e) { events.push(['thrown', error(e)]); }
      await settled();
    }
    console.log(JSON.stringify(results));
  })();`;

async function attempts(net, options) {
  const { code, stdout, stderr } = await run({
    source: ATTEMPTS,
    ...options,
    env: { ...options.env, NET: net },
  });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('permission model', function () {
  this.timeout(120_000);

  // Where the model knows no network nothing is forbidden.
  const cases = knowsNet
    ? {
        'without --allow-net': { execArgv: [...MODEL, ...ADDONS] },
        'once it has been dropped': { execArgv: [...MODEL, ...ADDONS, '--allow-net'], env: { DROP: '1' } },
      }
    : {};

  for (const [title, options] of Object.entries(cases)) {
    it(`${title} everything ends as over node:net`, async () => {
      const expected = await attempts('node:net', options);
      for (const name of Object.keys(expected))
        assert.match(JSON.stringify(expected[name]), /ERR_ACCESS_DENIED/, name);
      assert.deepEqual(await attempts('iocp-net', options), expected);
      assert.deepEqual(await attempts('node:net', { ...options, preload: 'require' }), expected);
    });
  }

  it('restricts nothing that it does not know, or that it allows', async () => {
    const { code, stdout, stderr } = await run({
      execArgv: [...MODEL, ...ADDONS, ...(knowsNet ? ['--allow-net'] : [])],
      source: `
        const net = require('iocp-net');
        const { engine } = require('iocp-net/engine');
        const server = net.createServer((socket) => socket.end('x')).listen(0, '127.0.0.1', () => {
          net.connect(server.address().port, '127.0.0.1').resume().on('close', () => {
            server.close();
            console.log(engine.name, engine.counters.acceptedEndpoints, engine.counters.connectedEndpoints);
          });
        });`,
    });
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${ENGINE} 1 1\n`, stderr: '' });
  });

  for (const preload of ['none', 'require', 'import']) {
    it(`is node:net without --allow-addons (preload: ${preload})`, async () => {
      const { code, stdout, stderr } = await run({
        execArgv: [...MODEL, ...(preload === 'import' ? ['--allow-worker'] : [])],
        preload,
        source: `
          const { engine } = require('iocp-net/engine');
          console.log(JSON.stringify([engine.name, engine.reason, require('iocp-net') === require('node:net')]));`,
      });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const [name, reason, same] = JSON.parse(stdout);
      assert.deepEqual([name, same], ['libuv', true]);
      assert.match(reason, /addons is disabled/);
    });
  }
});
