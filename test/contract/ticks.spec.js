'use strict';

// Between the events of two sockets lie the ticks and microtasks that the first one has caused, however many arrive at once.

const assert = require('node:assert/strict');
const { contract } = require('../support/contract.js');
const { when, listening, close, closed, noteClose } = require('../support/sockets.js');

const CONNECTIONS = 12;

/** Runs fn with that many connections; the clients, and the accepted sockets in the order of the clients. */
async function connections(net, fn) {
  const server = await listening(net, { allowHalfOpen: true });
  const pairs = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const arrives = when(server, 'connection');
    const client = noteClose(
      net.connect({ port: server.address().port, host: '127.0.0.1', allowHalfOpen: true }),
    );
    const connects = when(client, 'connect');
    const [accepted] = await arrives;
    await connects;
    pairs.push({ client, accepted: noteClose(accepted) });
  }
  await fn(pairs, server);
  for (const { client, accepted } of pairs) {
    client.on('error', () => {}).destroy();
    accepted.on('error', () => {}).destroy();
  }
  await Promise.all(pairs.flatMap(({ client, accepted }) => [closed(client), closed(accepted)]));
  await close(server);
}

/** Notes an event and what it causes; `order` then shows whether anything came in between. */
function causes(order, name) {
  return () => {
    order.push(name);
    process.nextTick(() => order.push(`${name} tick`));
    Promise.resolve().then(() => order.push(`${name} microtask`));
  };
}

function assertUnmixed(order, names) {
  assert.equal(order.length, 3 * names.length);
  for (let i = 0; i < order.length; i += 3) {
    assert.deepEqual(order.slice(i, i + 3), [order[i], `${order[i]} tick`, `${order[i]} microtask`]);
  }
  assert.deepEqual(order.filter((_, index) => index % 3 === 0).sort(), [...names].sort());
}

contract('ticks between events', ({ net, it }) => {
  for (const event of ['data', 'end']) {
    it(`of '${event}' of several sockets at once`, () =>
      connections(net, async (pairs) => {
        const order = [];
        const done = pairs.map(({ accepted }, index) => {
          if (event === 'end') accepted.resume();
          const seen = when(accepted, event);
          accepted.on(event, causes(order, `${event} ${index}`));
          return seen;
        });
        for (const { client } of pairs) {
          if (event === 'data') client.write('x');
          else client.end();
        }
        await Promise.all(done);
        await new Promise((resolve) => setImmediate(resolve));
        assertUnmixed(
          order,
          pairs.map((_, index) => `${event} ${index}`),
        );
      }));
  }

  it("of 'data' and 'close' when peers reset at once", () =>
    connections(net, async (pairs) => {
      const order = [];
      for (const [index, { accepted }] of pairs.entries()) {
        accepted.on('error', causes(order, `error ${index}`)).resume();
      }
      for (const { client } of pairs) client.resetAndDestroy();
      await Promise.all(pairs.map(({ accepted }) => closed(accepted)));
      assertUnmixed(
        order,
        pairs.map((_, index) => `error ${index}`),
      );
    }));

  it("of 'connection' and 'connect' of many at once", async () => {
    const order = [];
    const server = await listening(net);
    let accepted = 0;
    const all = new Promise((resolve) => {
      server.on('connection', (s) => {
        causes(order, `connection ${accepted}`)();
        s.resume().on('end', () => s.end());
        if (++accepted === CONNECTIONS) resolve();
      });
    });
    const clients = Array.from({ length: CONNECTIONS }, (_, index) =>
      noteClose(net.connect(server.address().port, '127.0.0.1', causes(order, `connect ${index}`))),
    );
    await all;
    await Promise.all(clients.map((client) => client.connecting && when(client, 'connect')));
    await new Promise((resolve) => setImmediate(resolve));
    for (const client of clients) client.resume().end();
    await Promise.all(clients.map((client) => closed(client)));
    await close(server);
    assertUnmixed(
      order,
      clients.flatMap((_, index) => [`connection ${index}`, `connect ${index}`]),
    );
  });

  it('of write callbacks of several sockets', () =>
    connections(net, async (pairs) => {
      const order = [];
      for (const { accepted } of pairs) accepted.pause();
      // More than the system takes at once, so that the callbacks come from completions.
      const written = pairs.map(
        ({ client }, index) =>
          new Promise((resolve) => {
            client.write(Buffer.alloc(12_000_000), () => {
              causes(order, `written ${index}`)();
              setImmediate(resolve);
            });
          }),
      );
      for (const { accepted } of pairs) accepted.resume();
      await Promise.all(written);
      assertUnmixed(
        order,
        pairs.map((_, index) => `written ${index}`),
      );
    }));
});
