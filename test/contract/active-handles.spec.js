'use strict';

// What Node lists as keeping the process alive: our servers and sockets are among it, under Node's names.

const assert = require('node:assert/strict');
const { contract, differential } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const { when, closed, noteClose, close, listening, pair, turn } = require('../support/sockets.js');

const NETWORK = /^(TCP|Pipe)|^ConnectWrap$/;
const count = (names) => {
  const counts = {};
  for (const name of names) if (NETWORK.test(name)) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/** What there is more than before. */
function since() {
  const before = count(process.getActiveResourcesInfo());
  return () => {
    const now = count(process.getActiveResourcesInfo());
    const more = {};
    for (const name of Object.keys(now).sort()) {
      const extra = now[name] - (before[name] ?? 0);
      if (extra > 0) more[name] = extra;
    }
    return more;
  };
}

differential('active resources', ({ same }) => {
  same('of a server, a client and the socket that was accepted', async (net, trace) => {
    const more = since();
    const { server, client, accepted } = await pair(net);
    await turn();
    const listed = () =>
      ['server', 'client', 'accepted'].filter((_, i) =>
        process._getActiveHandles().includes([server, client, accepted][i]),
      );
    trace.push('open', more(), listed());
    client.unref();
    trace.push('unref', more(), listed());
    server.unref();
    trace.push('server unref', more(), listed());
    client.ref();
    server.ref();
    trace.push('ref', more(), listed());
    client.destroy();
    trace.push('destroyed', more(), listed());
    await Promise.all([closed(client), closed(accepted)]);
    trace.push('closed', more(), listed());
    server.close();
    await when(server, 'close');
    setImmediate(() => {});
    trace.push('all', listed());
  });

  same('of a client that looks its address up, then connects', async (net, trace) => {
    const server = await listening(net, {}, (accepted) => accepted.end());
    const more = since();
    let answer;
    const lookup = (...args) => (answer = args.at(-1));
    const client = noteClose(
      net.connect({ port: server.address().port, host: 'name.test', lookup, autoSelectFamily: false }),
    );
    client.resume();
    trace.push('looking up', more(), process._getActiveHandles().includes(client));
    answer(null, '127.0.0.1', 4);
    const requests = process._getActiveRequests().filter((request) => request.address === '127.0.0.1');
    trace.push(
      'connecting',
      more(),
      requests.map((request) => request.constructor.name),
    );
    await when(client, 'connect');
    await turn();
    trace.push(
      'requests',
      process._getActiveRequests().filter(({ address }) => address === '127.0.0.1').length,
    );
    await closed(client);
    trace.push('closed', process._getActiveHandles().includes(client));
    await close(server);
  });

  same('of one that was destroyed while it looked its address up', async (net, trace) => {
    const more = since();
    const client = noteClose(net.connect({ port: 1, host: 'name.test', lookup: () => {} }));
    client.destroy();
    await closed(client);
    trace.push(more(), process._getActiveHandles().includes(client));
  });

  same('of a pipe', async (net, trace) => {
    const name = `iocp-net-active-${process.pid}`;
    const where =
      process.platform === 'win32'
        ? `\\\\.\\pipe\\${name}`
        : require('node:path').join(require('node:os').tmpdir(), name);
    const more = since();
    const server = await listening(net, {}, undefined, { path: where });
    trace.push('server', more());
    const arrives = when(server, 'connection');
    const client = noteClose(net.connect(where));
    const connects = when(client, 'connect');
    const [accepted] = await arrives;
    await connects;
    await turn();
    trace.push('both ends', more());
    accepted.resume();
    accepted.end();
    client.resume();
    await closed(client);
    await close(server);
  });
});

contract('a diagnostic report', ({ net, it, transport }) => {
  it('has servers and sockets with their addresses', async () => {
    const { server, client, accepted, finish } = await pair(net);
    const { libuv } = process.report.getReport();
    const port = server.address().port;
    const mine = libuv.filter(
      ({ type, localEndpoint, remoteEndpoint }) =>
        type === 'tcp' && (localEndpoint?.port === port || remoteEndpoint?.port === port),
    );
    const ends = mine.map(({ remoteEndpoint, is_referenced }) => [
      remoteEndpoint?.port ?? null,
      is_referenced,
    ]);
    assert.deepEqual(
      ends.sort((a, b) => a[0] - b[0]),
      [
        [null, true],
        [client.localPort, true],
        [port, true],
      ].sort((a, b) => a[0] - b[0]),
    );
    assert.equal(accepted.remotePort, client.localPort);
    await finish();
  });

  it('and the lists work in a worker', async () => {
    const { reports, stderr } = await inChild(
      transport,
      (_net, report, id) => {
        const { Worker } = require('node:worker_threads');
        const worker = new Worker(
          `const net = require(${JSON.stringify(id)});
           const { parentPort } = require('node:worker_threads');
           const server = net.createServer().listen(0, '127.0.0.1', () => {
             const names = process.getActiveResourcesInfo();
             const listed = process._getActiveHandles?.().includes(server) ?? true;
             parentPort.postMessage([names.filter((name) => name === 'TCPServerWrap').length, listed]);
             server.close();
           });`,
          { eval: true },
        );
        worker.on('message', report);
      },
      { args: [transport.id] },
    );
    assert.deepEqual(reports, [[1, true]], stderr);
  });
});
