'use strict';

// Objects of which there is one for each connection must not turn into hash tables: those take a multiple of the memory,
// and each access to a field costs a search. Nor must what every completion looks into.

const assert = require('node:assert/strict');
const path = require('node:path');
const { inChild } = require('../support/child.js');
const { run } = require('../support/program.js');
const { choice, transports } = require('../support/transports.js');

const KINDS = [
  'accepted',
  'accepted, by a server with options',
  'client',
  'client with options',
  'subclass',
  'server',
];

for (const transport of transports) {
  describe(`shape of objects: ${transport.name}`, () => {
    it('sockets and servers have fast properties, the first ones and later ones', async () => {
      const { code, stderr, reports } = await inChild(transport, (net, report) => {
        require('node:v8').setFlagsFromString('--allow-natives-syntax');
        const isFast = new Function('object', 'return %HasFastProperties(object)');
        const slow = new Set();
        const seen = new Set();
        const look = (kind, object) => {
          seen.add(kind);
          if (!isFast(object)) slow.add(kind);
        };
        class Sub extends net.Socket {}
        const exchange = (kind, serverOptions, makeClient) =>
          new Promise((resolve) => {
            const server = net.createServer(serverOptions, (socket) => {
              socket.setTimeout(10_000);
              socket.on('data', (chunk) => socket.end(chunk));
              socket.on('close', () => look(kind, socket));
            });
            server.listen(0, '127.0.0.1', () => {
              const client = makeClient({ port: server.address().port, host: '127.0.0.1' });
              client.on('connect', () => client.write('x')).resume();
              client.on('close', () => {
                look(clientKinds.get(makeClient), client);
                look('server', server);
                server.close(resolve);
              });
            });
          });
        const plain = (to) => net.connect(to);
        const withOptions = (to) => net.connect({ ...to, noDelay: true, keepAlive: true, timeout: 9_000 });
        const subclass = (to) => new Sub().connect(to);
        const clientKinds = new Map([
          [plain, 'client'],
          [withOptions, 'client with options'],
          [subclass, 'subclass'],
        ]);
        (async () => {
          for (let n = 0; n < 30; n++) {
            await exchange('accepted', {}, plain);
            await exchange(
              'accepted, by a server with options',
              { noDelay: true, keepAlive: true },
              withOptions,
            );
            await exchange('accepted', {}, subclass);
          }
          report([[...seen].sort(), [...slow]]);
        })();
      });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      assert.deepEqual(reports, [[[...KINDS].sort(), []]]);
    });
  });
}

const withPort = choice === 'node' ? describe.skip : describe; // node:net alone has no port

withPort('shape of objects: the port', () => {
  it('has its calls in an object with fast properties', async () => {
    const result = await run({
      execArgv: ['--allow-natives-syntax'],
      source: `
        const { port } = require(${JSON.stringify(path.join(__dirname, '../../dist/net/engine-port.js'))});
        const { native } = port();
        console.log(%HasFastProperties(port()), %HasFastProperties(native), Object.keys(native).length > 12);`,
    });
    assert.deepEqual(result, { code: 0, signal: null, stdout: 'true true true\n', stderr: '' });
  });
});
