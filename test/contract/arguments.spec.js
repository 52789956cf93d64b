'use strict';

// What is refused before anything happens: exact code, name and message, and whether it is thrown or emitted.

const { differential } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const { when, closed, noteClose, freePort, pair, turn } = require('../support/sockets.js');

/** Calls connect with the arguments; records what is thrown, or what the socket then reports. */
async function connectWith(net, trace, name, ...args) {
  const socket = noteClose(new net.Socket());
  const events = [];
  socket.on('error', (error) => events.push(['error', error]));
  let threw;
  try {
    socket.connect(...args);
  } catch (error) {
    threw = error;
  }
  trace.push(name, { threw, connecting: socket.connecting, destroyed: socket.destroyed });
  socket.destroy();
  await closed(socket);
  await turn();
  trace.push(`${name} later`, events);
}

differential(
  'connect arguments',
  ({ same }) => {
    same('nothing to connect to', async (net, trace) => {
      for (const args of [
        [],
        [{}],
        [undefined],
        [{ host: 'localhost' }],
        [{ port: undefined }],
        [{ path: null }],
      ]) {
        await connectWith(net, trace, 'connect', ...args);
        trace.call('net.connect', () => net.connect(...args));
      }
      await connectWith(net, trace, 'only a callback', () => {});
    });

    same('ports that are none', async (net, trace) => {
      for (const port of [
        -1,
        65536,
        70000,
        1.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        null,
        true,
        false,
        {},
        [],
        '',
        ' ',
        'x',
        '-1',
        '65536',
        '0x10000',
        '1e9',
        '0x',
        '8080 x',
        1n,
        Symbol('s'),
        () => {},
        /x/,
      ]) {
        await connectWith(net, trace, `{port: ${String(port)}}`, { port, host: '127.0.0.1' });
        if (typeof port !== 'object' && typeof port !== 'string' && typeof port !== 'function') {
          await connectWith(net, trace, `(${String(port)})`, port, '127.0.0.1');
        }
      }
    });

    same('options of a wrong type', async (net, trace) => {
      const good = { port: 9, host: '127.0.0.1' };
      const named = { port: 9, host: 'x.invalid', lookup: () => {} };
      for (const [name, options] of [
        ...[1, true, {}, [], () => {}, Symbol('h'), 'a\0b', '127.0.0.1\0'].map((host) => [
          `host ${String(host)}`,
          { port: 9, host },
        ]),
        ...['x', '1.2.3', 1, {}, 'localhost'].map((localAddress) => [
          'localAddress',
          { ...good, localAddress },
        ]),
        ...['1', {}, true, Number.NaN].map((localPort) => ['localPort', { ...good, localPort }]),
        ...[1, 'x', {}, true].map((lookup) => ['lookup', { ...named, lookup }]),
        ...[1, 'true', {}].map((autoSelectFamily) => ['autoSelectFamily', { ...named, autoSelectFamily }]),
        ...[-1, 0, 1.5, 'x', {}, Number.NaN].map((value) => [
          'attempt timeout',
          { ...named, autoSelectFamilyAttemptTimeout: value },
        ]),
        ...[1, 9, null].map((value) => [
          'attempt timeout',
          { ...named, autoSelectFamilyAttemptTimeout: value },
        ]),
        ...[1, {}, true, []].map((path) => ['path', { path }]),
      ]) {
        await connectWith(net, trace, name, options);
      }
    });

    same('hints and family that dns.lookup refuses', async (net, trace) => {
      for (const options of [
        { hints: 1000 },
        { hints: 'x' },
        { hints: -1 },
        { family: 7 },
        { family: 'x' },
        { family: true },
        { family: 'IPv5' },
      ]) {
        await connectWith(net, trace, JSON.stringify(options), { port: 9, host: 'x.invalid', ...options });
      }
    });

    same('net.connect checks the socket options too', (net, trace) => {
      for (const options of [
        { objectMode: true },
        { keepAliveInitialDelay: 'x' },
        { timeout: 'x' },
        { timeout: -1 },
        { signal: 1 },
        { fd: -1 },
        { highWaterMark: 'x' },
      ]) {
        trace.call(JSON.stringify(options), () =>
          net.connect({ port: 70000, host: '127.0.0.1', ...options }),
        );
      }
    });

    same('null as options is a port that is none', async (net, trace) => {
      await connectWith(net, trace, 'null', null);
      await connectWith(net, trace, 'null, host', null, '127.0.0.1');
    });
  },
  { traffic: false },
);

differential('arguments of methods', ({ same }) => {
  same('setTimeout', async (net, trace) => {
    const socket = new net.Socket();
    for (const msecs of [
      '100',
      true,
      false,
      undefined,
      null,
      '',
      {},
      () => {},
      [],
      -0.001,
      -1,
      Number.NaN,
      Infinity,
      -Infinity,
    ]) {
      trace.call(`setTimeout(${String(msecs)})`, () => socket.setTimeout(msecs, () => {}) === socket);
      trace.push('timeout', socket.timeout, socket.listenerCount('timeout'));
    }
    for (const callback of [1, true, '', {}, null]) {
      trace.call(`callback ${String(callback)}`, () => socket.setTimeout(1, callback) === socket);
      trace.push('timeout', socket.timeout, socket.listenerCount('timeout'));
    }
    for (const msecs of [0, 0.5, 10, 2 ** 31 - 1]) {
      trace.call(`setTimeout(${msecs})`, () => socket.setTimeout(msecs) === socket);
      trace.push('timeout', socket.timeout);
    }
    socket.setTimeout(0);
  });

  same('setTimeout beyond what a timer can hold', (net, trace, transport) =>
    inChild(
      transport,
      (net, report) => {
        process.on('warning', ({ name }) => report(name));
        const socket = new net.Socket().setTimeout(2 ** 31);
        report(socket.timeout);
        socket.setTimeout(0);
      },
      { execArgv: ['--no-warnings'] },
    ),
  );

  same('chunks of a wrong type', async (net, trace) => {
    const { client, finish } = await pair(net);
    client.on('error', (error) => trace.push('C.error', error));
    for (const chunk of [undefined, 1, true, {}, [], () => {}, Symbol('x'), 1n, null]) {
      trace.call(`write(${String(chunk)})`, () => client.write(chunk));
    }
    trace.call('bad encoding', () => client.write('x', 'no-such-encoding'));
    trace.call('end(1)', () => client.end(1) === client);
    trace.push('state', client.destroyed, client.writable, client.bytesWritten);
    await finish();
  });

  same('encodings and typed arrays as chunks', async (net, trace) => {
    const { client, accepted, finish } = await pair(net);
    const received = [];
    accepted.on('data', (chunk) => received.push(chunk));
    const bytes = [0, 1, 127, 128, 255, 10];
    for (const chunk of [
      Buffer.from(bytes),
      new Uint8Array(bytes),
      new Uint16Array([1, 2]),
      new DataView(new ArrayBuffer(3)),
      new Float64Array([1.5]),
      new ArrayBuffer(2),
    ]) {
      trace.call(chunk.constructor.name, () => client.write(chunk));
    }
    client.end();
    await when(accepted, 'end');
    trace.push('received', Buffer.concat(received).toString('hex'));
    await finish();
  });

  same('setKeepAlive and setNoDelay take anything', async (net, trace) => {
    const { client, finish } = await pair(net);
    for (const value of [undefined, null, 0, 1, '', 'x', {}, true, false]) {
      trace.call('noDelay', () => client.setNoDelay(value) === client);
      trace.call('keepAlive', () => client.setKeepAlive(value, value) === client);
    }
    await finish();
  });

  same('setTypeOfService where it exists', async (net, trace) => {
    trace.push('type', typeof net.Socket.prototype.setTypeOfService);
    if (!net.Socket.prototype.setTypeOfService) return;
    const socket = new net.Socket();
    for (const tos of ['1', -1, 256, 1.5, Number.NaN, null, undefined, {}]) {
      trace.call(String(tos), () => socket.setTypeOfService(tos) === socket);
    }
    trace.push('unset', socket.getTypeOfService());
    trace.call('16', () => socket.setTypeOfService(16) === socket);
    trace.push('remembered', socket.getTypeOfService());
    const { client, finish } = await pair(net, { client: { typeOfService: 8 } });
    trace.push('from options', client.getTypeOfService());
    client.setTypeOfService(32);
    trace.push('set', client.getTypeOfService());
    await finish();
    trace.push('after close', client.getTypeOfService());
  });

  same('resetAndDestroy before there is anything to reset', async (net, trace) => {
    const socket = noteClose(new net.Socket());
    trace.watch('C', socket, ['error', 'close']);
    trace.call('resetAndDestroy', () => socket.resetAndDestroy() === socket);
    await closed(socket);
    const port = await freePort(net);
    const refused = noteClose(net.connect(port, '127.0.0.1'));
    refused.on('error', () => {});
    await closed(refused);
    trace.watch('R', refused, ['error', 'close']);
    trace.call('after close', () => refused.resetAndDestroy() === refused);
    await turn();
  });
});
