'use strict';

// What async hooks see: Node's names of resources, trigger ids that were announced, and an end for each.

const hooks = require('node:async_hooks');
const assert = require('node:assert/strict');
const http = require('node:http');
const { contract, differential } = require('../support/contract.js');
const { when, closed, noteClose, close, listening, turns, freePort } = require('../support/sockets.js');

const OURS = /^(TCP|PIPE|SHUTDOWN|WRITE)/;

/** Follows resources from now on; `type(id)` is the type that an id was announced with. */
function follow() {
  const types = new Map([
    [0, 'none'],
    [1, 'the program'],
  ]);
  const open = new Map();
  const triggers = new Map();
  const resources = new Map();
  const hook = hooks
    .createHook({
      init(id, type, trigger, resource) {
        types.set(id, type);
        triggers.set(id, trigger);
        resources.set(id, resource);
        open.set(id, type);
      },
      destroy(id) {
        open.delete(id);
      },
    })
    .enable();
  return {
    hook,
    resources,
    type: (id) => types.get(id) ?? 'never announced',
    announced: () => [...types.values()].filter((type) => OURS.test(type)).sort(),
    /** Each type with that of what triggered it. */
    triggered: () =>
      [...triggers]
        .filter(([id]) => OURS.test(types.get(id)))
        .map(([id, trigger]) => `${types.get(id)} by ${types.get(trigger) ?? 'never announced'}`)
        .sort(),
    left: () => [...open.values()].filter((type) => OURS.test(type) || type === 'Timeout').sort(),
  };
}

/** Records in which resource each event runs, and what triggered that. */
function record(trace, followed, label, emitter, events) {
  for (const event of events) {
    emitter.on(event, () => {
      trace.push(
        `${label}.${event}`,
        followed.type(hooks.executionAsyncId()),
        followed.type(hooks.triggerAsyncId()),
      );
    });
  }
  return emitter;
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
/** What is queued as destroyed is reported a little later. */
async function untilNothingIsLeft(followed) {
  for (let i = 0; i < 200 && followed.left().some((type) => type !== 'Timeout'); i++) await settle();
}

async function exchange(net, followed, trace, where) {
  await settle(); // from here on everything has been announced
  const server = net.createServer({ allowHalfOpen: true });
  record(trace, followed, 'server', server, ['listening', 'connection', 'close']);
  server.on('connection', (accepted) => {
    record(trace, followed, 'accepted', accepted, ['data', 'end', 'finish', 'timeout', 'close']);
    accepted.setTimeout(60_000);
    accepted.on('data', () => accepted.end('answer'));
  });
  await when(server.listen(where), 'listening');
  const address = server.address();
  const client = noteClose(new net.Socket());
  record(trace, followed, 'client', client, ['connect', 'ready', 'data', 'end', 'finish', 'close']);
  client.setTimeout(60_000);
  client.connect(typeof address === 'string' ? address : { port: address.port, host: '127.0.0.1' });
  await when(client, 'connect');
  client.end('question');
  await closed(client);
  await close(server);
}

differential('async hooks', ({ same }) => {
  for (const [what, where] of [
    ['TCP', () => ({ port: 0, host: '127.0.0.1' })],
    ['a pipe', () => ({ path: pipePath() })],
  ]) {
    same(`${what}: resources, what triggered them, and where events run`, async (net, trace) => {
      const followed = follow();
      await exchange(net, followed, trace, where());
      await untilNothingIsLeft(followed);
      followed.hook.disable();
      trace.push('announced', followed.announced());
      trace.push('triggered', followed.triggered());
      trace.push(
        'left',
        followed.left().filter((type) => OURS.test(type)),
      );
      return trace.lanes();
    });
  }

  same('a connection that is refused', async (net, trace) => {
    const port = await freePort(net);
    const followed = follow();
    await settle();
    const client = noteClose(net.connect(port, '127.0.0.1'));
    record(trace, followed, 'client', client, [
      'connectionAttempt',
      'connectionAttemptFailed',
      'error',
      'close',
    ]);
    await closed(client);
    await untilNothingIsLeft(followed);
    followed.hook.disable();
    trace.push('announced', followed.announced());
    trace.push('left', followed.left());
  });

  same('destroyed while its address is looked up', async (net, trace) => {
    const followed = follow();
    const client = noteClose(net.connect({ port: 1, host: 'name.test', lookup: () => {} }));
    record(trace, followed, 'client', client, ['close']);
    client.destroy();
    await closed(client);
    await untilNothingIsLeft(followed);
    followed.hook.disable();
    trace.push('announced', followed.announced());
    trace.push('left', followed.left());
  });

  same('a server that cannot listen', async (net, trace) => {
    const taken = await listening(net);
    const followed = follow();
    const server = net.createServer();
    server.listen(taken.address().port, '127.0.0.1');
    await when(server, 'error');
    await untilNothingIsLeft(followed);
    followed.hook.disable();
    trace.push('announced', followed.announced());
    trace.push('left', followed.left());
    await close(taken);
  });

  same('ids that sockets and servers name themselves', async (net, trace) => {
    const followed = follow();
    const server = await listening(net, {}, (accepted) => {
      trace.push('accepted', followed.type(accepted._handle.getAsyncId()));
      accepted.end();
    });
    trace.push('server', followed.type(server._handle.getAsyncId()));
    const client = net.connect(server.address().port, '127.0.0.1');
    trace.push('client', followed.type(client._handle.getAsyncId()));
    client.resume();
    await when(client, 'close');
    followed.hook.disable();
    await close(server);
  });
});

function pipePath() {
  const name = `iocp-net-hooks-${process.pid}-${pipePath.count++}`;
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\${name}`
    : require('node:path').join(require('node:os').tmpdir(), name);
}
pipePath.count = 0;

contract('async hooks', ({ net, it }) => {
  it('the resource of a listening server leads to it', async () => {
    const found = [];
    const hook = hooks
      .createHook({
        init(_id, type, _trigger, resource) {
          if (type === 'TCPSERVERWRAP') process.nextTick(() => found.push(resource.owner));
        },
      })
      .enable();
    const server = await listening(net);
    await turns(1);
    hook.disable();
    assert.deepEqual(
      found.map((owner) => owner === server),
      [true],
    );
    await close(server);
  });

  it("the line that called connect() is among the ten frames of its handle's making", async () => {
    const server = await listening(net);
    const stacks = [];
    const hook = hooks
      .createHook({
        init(_id, type) {
          if (type === 'TCPWRAP') stacks.push(new Error('made').stack);
        },
      })
      .enable();
    const socket = net.connect(server.address().port, '127.0.0.1');
    hook.disable();
    await when(socket, 'connect');
    // Ten are kept by default (mocha keeps all), the hook's own the first of them.
    const callers = stacks.map((stack) => stack.split('\n    at ').slice(2, 11));
    assert.deepEqual(
      callers.map((frames) => frames.some((frame) => frame.includes(__filename))),
      [true],
    );
    socket.destroy();
    await close(server);
  });

  it('a write that the system does not take at once has a resource of its own, until it is done', async () => {
    const followed = follow();
    const server = await listening(net, {}, (accepted) => accepted.pause());
    const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
    await when(client, 'connect');
    const written = new Promise((resolve) => {
      client.write(Buffer.alloc(16_000_000), () => resolve(followed.type(hooks.executionAsyncId())));
    });
    assert.deepEqual(
      followed.left().filter((type) => type === 'WRITEWRAP'),
      ['WRITEWRAP'],
    );
    server.getConnections(() => {});
    client.destroy();
    assert.equal(await written, 'WRITEWRAP');
    await closed(client);
    const done = when(server, 'close');
    server.close();
    for (const handle of process._getActiveHandles()) if (handle.server === server) handle.destroy();
    await done;
    await untilNothingIsLeft(followed);
    followed.hook.disable();
    assert.deepEqual(
      followed.left().filter((type) => OURS.test(type)),
      [],
    );
  });

  it('a connection that an agent gives to another request: events in its context, and a new resource', async () => {
    const storage = new hooks.AsyncLocalStorage();
    const server = http.createServer((request, response) => {
      if (request.url === '/last') request.socket.destroy();
      else response.end();
    });
    await when(server.listen(0, '127.0.0.1'), 'listening');
    class Agent extends http.Agent {
      createConnection(options, callback) {
        return net.connect(options, callback);
      }
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const followed = follow();
    const { port } = server.address();
    const get = (path) =>
      new Promise((resolve) => {
        storage.run(path, () => {
          const seen = [];
          http
            .get({ port, host: '127.0.0.1', path, agent }, (response) => response.resume())
            .on('error', (error) => seen.push(error.code, storage.getStore()))
            .on('close', () => resolve([...seen, 'close', storage.getStore()]));
        });
      });
    const one = await get('/first');
    await turns(2);
    const two = await get('/last');
    assert.deepEqual(one, ['close', '/first']);
    assert.deepEqual(two, ['ECONNRESET', '/last', 'close', '/last']);
    agent.destroy();
    await close(server);
    await untilNothingIsLeft(followed);
    followed.hook.disable();
    assert.deepEqual(
      followed.left().filter((type) => OURS.test(type)),
      [],
    );
  });
});
