'use strict';

// Bytes that flow to a single listener skip the stream's machinery. Everything that makes it matter takes the long way:
// each program plays once as it is and once with push() overridden, which always does, and the events are the same.

const { contract } = require('../support/contract.js');
const assert = require('node:assert/strict');
const { when } = require('../support/sockets.js');

const CHUNKS = 40;

/** Programs of a receiver, by what they do with the bytes that arrive one chunk at a time. */
const PROGRAMS = {
  'one listener': (socket, note) => socket.on('data', (chunk) => note('data', String(chunk))),
  'one listener that pauses and resumes': (socket, note) =>
    socket.on('data', (chunk) => {
      note('data', String(chunk));
      if (Number(chunk) % 7 === 3) setTimeout(() => socket.resume(), 2, socket.pause());
    }),
  'a second listener that comes later': (socket, note) => {
    let seen = 0;
    socket.on('data', (chunk) => {
      note('first', String(chunk));
      if (++seen === 10) socket.on('data', (other) => note('second', String(other)));
    });
  },
  'a listener that is replaced': (socket, note) => {
    let seen = 0;
    socket.on('data', function first(chunk) {
      note('first', String(chunk));
      if (++seen < 5) return;
      socket.off('data', first);
      setImmediate(() => socket.on('data', (other) => note('second', String(other))));
    });
  },
  'setEncoding in between': (socket, note) => {
    let seen = 0;
    socket.on('data', (chunk) => {
      note(typeof chunk, String(chunk));
      if (++seen === 10) socket.setEncoding('latin1');
    });
  },
  'unshift in a handler': (socket, note) => {
    let seen = 0;
    socket.on('data', (chunk) => {
      note('data', String(chunk));
      if (++seen === 10) socket.unshift(Buffer.from('again'));
    });
  },
  'read() after readable': (socket, note) =>
    socket.on('readable', () => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) note('read', String(chunk));
    }),
};

contract('flowing to one listener', ({ net, it }) => {
  /** Sends chunk after chunk, each when the one before has been seen, and returns what was noted. */
  async function play(program, override) {
    const noted = [];
    const server = net.createServer().listen(0, '127.0.0.1');
    await when(server, 'listening');
    const client = net.connect(server.address().port, '127.0.0.1');
    const [accepted] = await when(server, 'connection');
    const { push } = accepted;
    if (override) accepted.push = (...args) => push.apply(accepted, args);
    let seen = 0;
    program(accepted, (...what) => {
      seen++;
      noted.push([...what, accepted.bytesRead, accepted.readableLength, accepted.readableFlowing]);
    });
    accepted.on('end', () => noted.push(['end', accepted.readableEnded]));
    const closed = when(accepted, 'close');
    for (let n = 0; n < CHUNKS; n++) {
      const before = seen;
      client.write(String(n));
      while (seen === before) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise(setImmediate);
    }
    client.end();
    client.resume();
    await closed;
    server.close();
    await when(server, 'close');
    return noted;
  }

  for (const [name, program] of Object.entries(PROGRAMS)) {
    it(`${name}: the same events as on the long way`, async () => {
      const plain = await play(program, false);
      assert.ok(plain.length > CHUNKS);
      assert.deepEqual(plain, await play(program, true));
    });
  }
});
