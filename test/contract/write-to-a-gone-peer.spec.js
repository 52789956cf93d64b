'use strict';

// What becomes of a write to a peer that has reset the connection. Found by the fuzzer, 2 of 20,000 programs.

const assert = require('node:assert/strict');
const { contract } = require('../support/contract.js');
const { when, pair, turns, until } = require('../support/sockets.js');
const { isWindows } = require('../support/local-names.js');

const text = (length) => 'x'.repeat(length);

/** The accepted end of a connection whose client has reset it; nothing has been read since. */
async function afterReset(net) {
  const { client, accepted, finish } = await pair(net, { server: { pauseOnConnect: true } });
  client.resetAndDestroy();
  await when(client, 'close');
  await turns(3); // the reset travels
  return { accepted, finish };
}

/** How the write ended: with an error, or null for one that was taken. */
function write(socket, chunk, encoding) {
  return new Promise((resolve) => {
    socket.once('error', resolve);
    socket.write(chunk, encoding, (error) => {
      if (!error) resolve(null);
    });
  });
}

const ATTEMPTS = 20;

/** The socket of a write that failed, and its error. One that was taken was quicker than the reset: then once more. */
async function failedWrite(net, chunk, encoding) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { accepted, finish } = await afterReset(net);
    const error = await write(accepted, chunk, encoding);
    if (error !== null) return { accepted, finish, error };
    await finish();
  }
  throw new Error(`${ATTEMPTS} writes were taken`);
}

contract('write to a peer that has reset the connection', ({ net, it, ours }) => {
  // A text that node:net tries to send from its stack (16 KiB, three bytes for each unit of UTF-8) counts when it was sent.
  for (const [title, chunk, encoding, counted] of [
    ['10 characters', text(10), 'utf8', 0],
    ['5,461 characters', text(5_461), 'utf8', 0],
    ['5,462 characters', text(5_462), 'utf8', 5_462],
    ['16,384 characters of latin1', text(16_384), 'latin1', 0],
    ['16,385 characters of latin1', text(16_385), 'latin1', 16_385],
    ['8,192 characters of utf16le', text(8_192), 'utf16le', 0],
    ['8,193 characters of utf16le', text(8_193), 'utf16le', 16_386],
    ['10 bytes as hex', '78'.repeat(10), 'hex', 10],
    ['10 bytes', Buffer.alloc(10), undefined, 10],
    ['5,000 bytes', Buffer.alloc(5_000), undefined, 5_000],
  ]) {
    it(`bytesWritten after ${title}: ${counted}`, async () => {
      const { accepted, finish } = await failedWrite(net, chunk, encoding);
      assert.equal(accepted.bytesWritten, counted);
      await finish();
    });
  }

  for (const [title, chunk] of [
    ['text', ''],
    ['Buffer', Buffer.alloc(0)],
  ]) {
    it(`an empty ${title} fails like any other`, async () => {
      const { accepted, finish, error } = await failedWrite(net, chunk);
      assert.equal(error.syscall, 'write');
      assert.equal(accepted.bytesWritten, 0);
      await finish();
    });
  }

  // On Windows node:net asks the system here too, and we do not (docs/differences.md).
  const others = isWindows && !ours ? 'ECONNRESET' : undefined;
  it(`empty chunks that leave together: ${others ?? 'no error'}`, async () => {
    const { accepted, finish } = await afterReset(net);
    const results = [];
    accepted.on('error', () => {});
    accepted.cork();
    for (const chunk of ['', Buffer.alloc(0)]) accepted.write(chunk, (error) => results.push(error?.code));
    accepted.uncork();
    await until(() => results.length === 2, 'both callbacks');
    assert.deepEqual(results, [others, others]);
    await finish();
  });
});
