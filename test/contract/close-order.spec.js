'use strict';

// 'close' comes in the loop's closing phase: after the immediates of the turn, the socket that was destroyed last first.

const { differential } = require('../support/contract.js');
const { isWindows } = require('../support/local-names.js');
const { orderOf } = require('../support/trace.js');
const { closed, close, pair, listening, turns, when } = require('../support/sockets.js');
const { withUncaught } = require('../support/uncaught.js');

/**
 * Marks the turns of the loop in the trace until `done` settles. On Windows turns in a row count once: when the packet of a
 * cancelled receive arrives is up to the system.
 */
async function withTurns(trace, done) {
  let going = true;
  const mark = () => {
    if (!going) return;
    if (!isWindows || trace.entries.at(-1) !== 'turn') trace.push('turn');
    setImmediate(mark);
  };
  setImmediate(mark);
  await done;
  going = false;
}

/** `count` connections of one server, both ends of each. */
async function several(net, count) {
  const server = await listening(net);
  const pairs = [];
  for (let i = 0; i < count; i++) {
    const arrives = when(server, 'connection');
    const client = net.connect(server.address().port, '127.0.0.1');
    const connects = when(client, 'connect');
    const [accepted] = await arrives;
    accepted.on('error', () => {}).resume();
    await connects;
    pairs.push({ client, accepted });
  }
  await turns(2);
  const finish = async () => {
    await Promise.all(pairs.map(({ accepted }) => accepted.closed || closed(accepted)));
    await close(server);
  };
  return { pairs, clients: pairs.map(({ client }) => client), finish, server };
}

differential("'close' in the turn of the loop", ({ same }) => {
  same('destroyed by a handler: after the immediate that the handler asked for', async (net, trace) => {
    const { clients, finish, pairs } = await several(net, 1);
    const [client] = clients;
    client.on('data', () => {
      client.destroy();
      setImmediate(() => {
        trace.push('immediate');
        client.on('close', () => trace.push("the immediate's listener"));
      });
      process.nextTick(() => trace.push('tick'));
      queueMicrotask(() => trace.push('microtask'));
    });
    client.on('close', () => trace.push('close'));
    pairs[0].accepted.write('x');
    await closed(client);
    await finish();
  });

  same('destroyed by an immediate: before the next one', async (net, trace) => {
    const { clients, finish } = await several(net, 1);
    const [client] = clients;
    client.on('close', () => trace.push('close'));
    setImmediate(() => {
      trace.push('immediate');
      client.destroy();
      setImmediate(() => trace.push('next immediate'));
    });
    await closed(client);
    await turns(2);
    await finish();
  });

  same('destroyed by a timer: after the immediates of that turn', async (net, trace) => {
    const { clients, finish } = await several(net, 1);
    const [client] = clients;
    client.on('close', () => trace.push('close'));
    setTimeout(() => {
      client.destroy();
      withTurns(trace, closed(client));
    }, 1);
    await closed(client);
    await turns(2);
    await finish();
  });

  same('several in one turn: the last one first, each with its ticks', async (net, trace) => {
    const { clients, finish } = await several(net, 4);
    clients.forEach((client, i) => {
      client.on('close', () => {
        trace.push(`close ${i}`);
        process.nextTick(() => trace.push(`tick of ${i}`));
        Promise.resolve().then(() => trace.push(`microtask of ${i}`));
      });
    });
    for (const client of clients) client.destroy();
    await Promise.all(clients.map(closed));
    await finish();
  });

  same('one that is destroyed by the close of another one: a turn later', async (net, trace) => {
    const { clients, finish } = await several(net, 3);
    const [first, second, third] = clients;
    first.on('close', () => {
      trace.push('first');
      third.destroy();
      setImmediate(() => trace.push('immediate'));
    });
    second.on('close', () => trace.push('second'));
    third.on('close', () => trace.push('third'));
    second.destroy();
    first.destroy();
    await Promise.all(clients.map(closed));
    await finish();
  });

  same(
    'among them one that is still looking its address up, and one that is connecting',
    async (net, trace) => {
      const { clients, finish, server } = await several(net, 1);
      const [connected] = clients;
      let answer;
      const looking = net.connect({
        port: 1,
        host: 'name.test',
        lookup: (...args) => (answer = args.at(-1)),
      });
      const connecting = net.connect(server.address().port, '127.0.0.1');
      process.nextTick(() => {
        connected.destroy();
        looking.destroy();
        connecting.destroy();
      });
      connected.on('close', () => trace.push('connected'));
      looking.on('close', () => trace.push('looking up'));
      connecting.on('close', () => trace.push('connecting'));
      await Promise.all([connected, looking, connecting].map(closed));
      answer(new Error('late'));
      server.on('connection', (accepted) => accepted.on('error', () => {}));
      await turns(3);
      await finish();
      return orderOf(trace);
    },
  );

  same('with an error, and by a reset', async (net, trace) => {
    const { clients, finish, pairs } = await several(net, 2);
    const [failing, resetting] = clients;
    for (const { accepted } of pairs) accepted.on('close', () => {});
    failing.on('error', () => trace.push('error'));
    failing.on('close', (bad) => trace.push('failing closed', bad));
    resetting.on('close', (bad) => trace.push('reset closed', bad));
    setImmediate(() => {
      failing.destroy(new Error('no more'));
      resetting.resetAndDestroy();
      withTurns(trace, closed(resetting));
    });
    await Promise.all(clients.map(closed));
    await finish();
  });

  same('an end that the peer answers: close before the peer has read the answer', async (net, trace) => {
    const { server, client, accepted } = await pair(net);
    for (const [name, socket] of Object.entries({ accepted, client })) {
      for (const event of ['end', 'finish', 'close']) socket.on(event, () => trace.push(`${name}.${event}`));
      socket.resume();
    }
    server.close();
    client.end('last words');
    await Promise.all([closed(client), closed(accepted)]);
    return orderOf(trace);
  });

  same('a handler of close that throws keeps none of the others from it', async (net, trace) => {
    const { clients, finish } = await several(net, 3);
    await withUncaught(
      (error) => trace.push(error.message),
      async () => {
        const all = Promise.all(clients.map(closed));
        clients.forEach((client, i) => {
          client.on('close', () => {
            trace.push(`close ${i}`);
            if (i === 1) throw new Error('of the second one');
          });
          client.destroy();
        });
        await all;
        await turns(2);
      },
    );
    await finish();
  });
});
