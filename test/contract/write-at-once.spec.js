'use strict';

// A write has left when write() returns: whatever the program does next, blocks in, or dies of.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { Worker } = require('node:worker_threads');
const { contract } = require('../support/contract.js');
const { inChild } = require('../support/child.js');
const { isWindows } = require('../support/local-names.js');
const { counters } = require('../support/transports.js');
const {
  when,
  until,
  listening,
  close,
  closed,
  noteClose,
  pair,
  collect,
  turns,
} = require('../support/sockets.js');

const GUARD_MS = 30_000;

/**
 * A peer in a thread of its own, which lives on while this thread blocks. It says a text on request and sets word 1
 * of `arrived` when that has left, and word 0 when the first bytes are there, which it writes to `file`, if there is one.
 */
async function threadPeer(server, { file } = {}) {
  const arrived = new Int32Array(new SharedArrayBuffer(8));
  const arrives = when(server, 'connection');
  const worker = new Worker(
    `const { workerData: { port, arrived, file }, parentPort } = require('node:worker_threads');
     const socket = require('node:net').connect({ port, host: '127.0.0.1', noDelay: true });
     socket.on('error', () => {}).once('data', (bytes) => {
       if (file !== undefined) {
         require('node:fs').writeFileSync(file + '.new', bytes);
         require('node:fs').renameSync(file + '.new', file);
       }
       Atomics.store(arrived, 0, 1);
       Atomics.notify(arrived, 0);
     });
     parentPort.on('message', (text) => {
       if (text === 'end') { socket.destroy(); parentPort.close(); }
       else socket.write(text, () => {
         Atomics.store(arrived, 1, 1);
         Atomics.notify(arrived, 1);
       });
     });`,
    { eval: true, workerData: { port: server.address().port, arrived, file } },
  );
  const [socket] = await arrives;
  noteClose(socket.on('error', () => {}));
  return {
    socket,
    say: (text) => worker.postMessage(text),
    /** Blocks this thread until what the peer says has left. */
    said: () => Atomics.wait(arrived, 1, 0, GUARD_MS),
    /** Blocks this thread until the peer has the bytes. */
    wait: () => Atomics.wait(arrived, 0, 0, GUARD_MS),
    async finish() {
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage('end');
      socket.destroy();
      await Promise.all([gone, closed(socket)]);
    },
  };
}

contract('a write has left when write() returns', ({ net, it, ours, transport }) => {
  for (const [kind, write] of [
    ['a string', (socket) => socket.write('answer')],
    ['bytes', (socket) => socket.write(Buffer.from('answer'))],
    ['a large chunk', (socket) => socket.write(Buffer.alloc(20_000, 'a'))],
    [
      'what was corked',
      (socket) => {
        socket.cork();
        socket.write('ans');
        socket.write('wer');
        socket.uncork();
      },
    ],
  ]) {
    it(`${kind}, and the handler that wrote it blocks`, async () => {
      const server = await listening(net, { noDelay: true });
      const peer = await threadPeer(server);
      const waited = when(peer.socket, 'data').then(() => {
        write(peer.socket);
        return peer.wait();
      });
      peer.say('question');
      assert.notEqual(await waited, 'timed-out');
      await peer.finish();
      await close(server);
    });
  }

  it('a handler that runs a synchronous child, which waits for the peer to have the answer', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-write-'));
    const file = path.join(folder, 'received');
    const server = await listening(net, { noDelay: true });
    const peer = await threadPeer(server, { file });
    const result = when(peer.socket, 'data').then(() => {
      peer.socket.write('answer');
      // In the handler: the loop does not turn before the child has ended.
      return execFileSync(
        process.execPath,
        [
          '-e',
          `const fs = require('node:fs');
           const wait = new Int32Array(new SharedArrayBuffer(4));
           for (let n = 0; n < 2000 && !fs.existsSync(process.argv[1]); n++) Atomics.wait(wait, 0, 0, 10);
           fs.writeSync(1, fs.existsSync(process.argv[1]) ? fs.readFileSync(process.argv[1]) : 'nothing came');`,
          file,
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
      );
    });
    peer.say('question');
    assert.equal(await result, 'answer');
    await peer.finish();
    await close(server);
    fs.rmSync(folder, { recursive: true });
  });

  for (const where of ['in a handler', 'outside of one']) {
    it(`the process is killed when the callback of a write has run: ${where}`, async () => {
      const server = await listening(net);
      const received = when(server, 'connection').then(async ([socket]) => {
        socket.on('error', () => {});
        noteClose(socket);
        const chunks = [];
        socket.on('data', (chunk) => chunks.push(chunk));
        socket.write('go');
        await closed(socket);
        return String(Buffer.concat(chunks));
      });
      const { signal, code, reports } = await inChild(
        transport,
        (childNet, report, port, inHandler) => {
          const socket = childNet.connect(port, '127.0.0.1');
          const last = () =>
            socket.write('last words', (error) => {
              report(String(error ?? 'taken'));
              process.kill(process.pid, 'SIGKILL');
            });
          socket.once('data', () => (inHandler ? last() : setTimeout(last, 5)));
        },
        { args: [server.address().port, where === 'in a handler'] },
      );
      assert.ok(signal === 'SIGKILL' || code !== 0); // a kill is an exit code on Windows
      assert.deepEqual(reports, ['taken']);
      assert.equal(await received, 'last words');
      await close(server);
    });
  }

  it('a cheap answer does not wait for dear work of the same batch', async () => {
    const server = await listening(net, { noDelay: true });
    let shown = 0;
    // Whose bytes are reported first is up to the system: a round counts when it was the cheap one's.
    for (let round = 0; round < 30 && shown < 3; round++) {
      const cheap = await threadPeer(server);
      const dear = await threadPeer(server);
      await turns(3); // or the newer connection is reported first, as it has news of its own
      let state = 'nothing';
      let outcome;
      cheap.socket.once('data', () => {
        state = 'answered';
        cheap.socket.write('answer');
        setImmediate(() => (state = 'another batch'));
      });
      dear.socket.once('data', () => {
        outcome = state === 'answered' ? cheap.wait() : 'not together';
      });
      // Both questions are there when the loop looks again, the cheap one first.
      for (const peer of [cheap, dear]) {
        peer.say('question');
        assert.notEqual(peer.said(), 'timed-out');
      }
      const wait = new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(wait, 0, 0, 50);
      await until(() => state === 'another batch' && outcome !== undefined, 'both questions');
      assert.notEqual(outcome, 'timed-out');
      if (outcome !== 'not together') shown++;
      await cheap.finish();
      await dear.finish();
    }
    await close(server);
    assert.ok(shown > 0, 'in no round were both in one batch');
  });

  it('what is corked leaves in one call, and a list that a pipe hands over, too', async () => {
    const { client, accepted, finish } = await pair(net, { client: { noDelay: true } });
    const received = collect(accepted);
    const calls = () => (ours ? counters().sendCalls : 0);
    let before = calls();
    client.cork();
    for (let n = 0; n < 50; n++) client.write(`header ${n}\r\n`);
    client.write(Buffer.alloc(1000, 'b'));
    client.uncork();
    assert.equal(calls() - before, ours ? 1 : 0);
    before = calls();
    client.cork();
    for (let n = 0; n < 10; n++) client.write(Buffer.alloc(5000, String(n)));
    client.uncork();
    assert.equal(calls() - before, ours ? 1 : 0);
    client.end();
    const text = String(await received);
    let wanted = '';
    for (let n = 0; n < 50; n++) wanted += `header ${n}\r\n`;
    wanted += 'b'.repeat(1000);
    for (let n = 0; n < 10; n++) wanted += String(n).repeat(5000);
    assert.equal(text === wanted, true);
    await finish();
  });

  // A body that is streamed byte by byte: 40,000 calls of 64 pieces each where node:net needs 1,500.
  // Under Wine a call of node:net's takes 1,024.
  const count = isWindows && !ours ? 1_000 : 20_000;
  it(`${count} short chunks among long ones leave in one call`, async () => {
    const { client, accepted, finish } = await pair(net, { client: { noDelay: true } });
    const received = collect(accepted);
    const wanted = [];
    const encodings = ['utf8', 'latin1', 'utf16le', 'hex', 'base64'];
    client.cork();
    for (let n = 0; n < count; n++) {
      const encoding = encodings[n % encodings.length];
      let bytes = Buffer.from(n % 7 === 0 ? 'é€' : `${n}`, encoding === 'latin1' ? 'latin1' : 'utf16le');
      if (n % 5_000 === 1) bytes = Buffer.alloc(4_000, n);
      if (encoding === 'utf8') bytes = Buffer.from(`é€ ${n}`);
      wanted.push(bytes);
      if (n % 3 === 0) client.write(bytes);
      else client.write(bytes.toString(encoding), encoding);
    }
    const before = ours ? counters().sendCalls : 0;
    client.uncork();
    const calls = ours ? counters().sendCalls - before : 1;
    client.end();
    assert.equal((await received).equals(Buffer.concat(wanted)), true);
    assert.equal(client.bytesWritten, accepted.bytesRead);
    assert.equal(calls, 1);
    await finish();
  });

  it('a chunk that was written may be changed as soon as its callback has run', async () => {
    const { client, accepted, finish } = await pair(net);
    const received = collect(accepted);
    const lengths = [1, 60, 2048, 2049, 70_000];
    for (const length of lengths) {
      const chunk = Buffer.alloc(length, 'x');
      await new Promise((resolve) => client.write(chunk, resolve));
      chunk.fill('!');
    }
    client.end();
    const text = String(await received);
    assert.equal(text === 'x'.repeat(lengths.reduce((a, b) => a + b)), true);
    await finish();
  });
});
