'use strict';

// A process that has no descriptors left: clients that wait are closed, so that they can try elsewhere, and the listener
// lives on.

const assert = require('node:assert/strict');
const { contract } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const { isWindows, localName } = require('../support/local-names.js');

if (!isWindows) {
  const { file } = require('../support/test-addon.js');

  contract(
    'no descriptors left',
    ({ it, transport }) => {
      for (const where of ['a port', 'a path']) {
        it(`who waits at ${where} is closed, and the next one is served`, async () => {
          const { code, stderr, reports } = await inChild(
            transport,
            (net, report, helperFile, path) => {
              const helper = require(helperFile);
              const ROUNDS = 3;
              const CLIENTS = 5;
              let accepted = 0;
              const server = net.createServer((socket) => {
                accepted++;
                socket.on('error', () => {}).end('served');
              });
              server.on('error', (error) => report({ server: error.code }));
              const connect = () => {
                const to = path === null ? { port: server.address().port, host: '127.0.0.1' } : { path };
                return net.connect(to);
              };
              const closed = (client) =>
                new Promise((resolve) => {
                  let text = '';
                  client.on('data', (chunk) => (text += chunk));
                  client.on('error', () => {}).on('close', () => resolve(text));
                });
              const round = async (n) => {
                const before = accepted;
                // Connected, as far as the system is concerned, before the loop looks again.
                const clients = Array.from({ length: CLIENTS }, connect);
                const ends = clients.map(closed);
                await new Promise((resolve) => process.nextTick(resolve));
                const usual = helper.limitDescriptors();
                const texts = await Promise.all(ends);
                helper.limitDescriptors(usual);
                report({ round: n, texts, accepted: accepted - before });
              };
              server.listen(path ?? { port: 0, host: '127.0.0.1' }, async () => {
                for (let n = 0; n < ROUNDS; n++) {
                  await round(n);
                  report({ round: n, next: await closed(connect()), listening: server.listening });
                }
                server.close();
              });
            },
            { args: [file, where === 'a path' ? localName() : null] },
          );
          assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
          assert.equal(reports.length, 6);
          for (let round = 0; round < 3; round++) {
            const [{ texts, accepted }, next] = reports.slice(2 * round);
            // One descriptor may have become free meanwhile.
            assert.ok(accepted <= 1);
            assert.equal(texts.filter((text) => text === 'served').length, accepted);
            assert.equal(texts.filter((text) => text === '').length, 5 - accepted);
            assert.deepEqual(next, { round, next: 'served', listening: true });
          }
        });
      }
    },
    { traffic: false },
  );
}
