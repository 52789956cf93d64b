'use strict';

// A handler turns the loop itself (deasync, addons that call uv_run): what is due is delivered there, in order, once.

const assert = require('node:assert/strict');
const { contract } = require('../support/contract.js');
const {
  GUARD_MS,
  listening,
  close,
  closed,
  noteClose,
  pair,
  until,
  turns,
} = require('../support/sockets.js');
const { helper } = require('../support/test-addon.js');
const { isWindows } = require('../support/local-names.js');
const { withUncaught } = require('../support/uncaught.js');

/** Turns the loop, without waiting, until the condition holds. */
function turnUntil(condition, what) {
  const deadline = Date.now() + GUARD_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${what} not reached inside of the handler`);
    helper.turnLoop(false);
    process._tickCallback(); // as deasync does
  }
}

contract('a loop turned inside of a handler', ({ net, it: spec, ours }) => {
  // libuv's loop on Windows does not come back there to what is in the hands of a handler further out: the rest of its
  // batch, and the connection whose bytes it delivers. The port does.
  const it = ours || !isWindows ? spec : () => {};

  it('bytes of another connection that came in the same batch', async () => {
    const a = await pair(net);
    const b = await pair(net);
    const order = [];
    const done = new Promise((resolve, reject) => {
      const first = (name, other) => (chunk) => {
        order.push(`${name}: ${chunk}`);
        if (order.length > 1) return;
        try {
          turnUntil(() => order.length === 2, `the bytes for ${other}`);
          order.push(`${name} goes on`);
          resolve();
        } catch (error) {
          reject(error);
        }
      };
      a.accepted.on('data', first('a', 'b'));
      b.accepted.on('data', first('b', 'a'));
    });
    a.client.write('1');
    b.client.write('2');
    await done;
    const [starts] = order[0];
    const other = starts === 'a' ? 'b: 2' : 'a: 1';
    assert.deepEqual(order, [starts === 'a' ? 'a: 1' : 'b: 2', other, `${starts} goes on`]);
    await turns(5);
    assert.equal(order.length, 3);
    await a.finish();
    await b.finish();
  });

  it('further bytes of the same connection, in their order', async () => {
    const { client, accepted, finish } = await pair(net);
    const TOTAL = 400_000;
    let text = '';
    let nested = 0;
    let depth = 0;
    accepted.setEncoding('latin1');
    accepted.on('data', (chunk) => {
      text += chunk;
      if (++depth < 4) {
        const before = text.length;
        for (let n = 0; n < 2_000 && text.length === before && text.length < TOTAL; n++)
          helper.turnLoop(false);
        if (text.length > before) nested++;
      }
      depth--;
    });
    const wanted = Array.from({ length: TOTAL }, (_, n) => String.fromCharCode(97 + (n % 26))).join('');
    for (let at = 0; at < TOTAL; at += 40_000) client.write(wanted.slice(at, at + 40_000));
    // The spec itself goes on in whatever loop runs: not before the handlers are back.
    await until(() => text.length >= TOTAL && depth === 0, 'all bytes');
    assert.equal(text === wanted, true);
    assert.ok(nested > 0, 'nothing was delivered inside');
    await finish();
  });

  spec('a whole exchange: connect, accept, question, answer, end and close', async () => {
    const { client, accepted, finish } = await pair(net);
    const server = await listening(net, {}, (socket) =>
      noteClose(socket).on('data', (chunk) => socket.end(chunk)),
    );
    const seen = [];
    const done = new Promise((resolve, reject) => {
      accepted.once('data', () => {
        try {
          let over = false;
          const inner = net.connect(server.address().port, '127.0.0.1');
          inner.on('connect', () => {
            seen.push('connect');
            inner.write('question');
          });
          inner.on('data', (chunk) => seen.push(String(chunk)));
          inner.on('end', () => seen.push('end'));
          inner.on('close', () => {
            seen.push('close');
            over = true;
          });
          turnUntil(() => over, 'the close');
          seen.push('the handler goes on');
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    client.write('start');
    await done;
    assert.deepEqual(seen, ['connect', 'question', 'end', 'close', 'the handler goes on']);
    await close(server);
    await finish();
  });

  it('waiting for an event there, as for a timer', async () => {
    const { client, accepted, finish } = await pair(net);
    const seen = [];
    const done = new Promise((resolve) => {
      accepted.once('data', () => {
        accepted.once('data', (chunk) => seen.push(String(chunk)));
        const timer = setTimeout(() => {
          seen.push('timer');
          client.write('late');
        }, 20);
        // Asleep in the loop until something is due.
        while (seen.length < 2) helper.turnLoop(true);
        clearTimeout(timer);
        resolve();
      });
    });
    client.write('early');
    await done;
    assert.deepEqual(seen, ['timer', 'late']);
    await finish();
  });

  it('an exception inside of it loses nothing that came with it', async () => {
    const pairs = [];
    for (let n = 0; n < 6; n++) pairs.push(await pair(net));
    const received = new Map();
    const thrown = [];
    let turned = false;
    let inside = false;
    const play = async () => {
      for (const [n, { accepted }] of pairs.entries()) {
        accepted.on('data', (chunk) => {
          received.set(n, (received.get(n) ?? '') + chunk);
          if (!turned) {
            turned = true;
            inside = true;
            for (let i = 0; i < 20; i++) helper.turnLoop(false);
            inside = false;
          } else if (thrown.length === 0 && received.size === 3) throw new Error('inside');
        });
      }
      for (const [n, { client }] of pairs.entries()) client.write(`bytes ${n}`);
      await until(() => received.size === pairs.length && !inside, 'everybody');
    };
    await withUncaught((error) => thrown.push(error.message), play);
    assert.deepEqual(thrown, ['inside']);
    for (let n = 0; n < pairs.length; n++) assert.equal(received.get(n), `bytes ${n}`);
    for (const one of pairs) await one.finish();
  });

  it('a socket closed outside, while the handler turns the loop, closes there', async () => {
    const { client, accepted, finish } = await pair(net);
    const other = await pair(net);
    let inside = false;
    const done = new Promise((resolve, reject) => {
      accepted.once('data', () => {
        let gone = false;
        other.client.once('close', () => (gone = true));
        setTimeout(() => other.client.destroy(), 1);
        try {
          turnUntil(() => gone, "'close'");
          inside = true;
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    client.write('go');
    await done;
    assert.equal(inside, true);
    await closed(other.client);
    await other.finish();
    await finish();
  });
});
