'use strict';

// Random connections over the facade: what each of their ends does, and what it was promised.

/** Mulberry32: the same everywhere, from one word. */
class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }
  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (z ^ (z >>> 14)) >>> 0;
  }
  below(bound) {
    return this.next() % bound;
  }
  of(values) {
    return values[this.below(values.length)];
  }
  chance(percent) {
    return this.below(100) < percent;
  }
}

// A length without a small divisor: bytes of another place or another stream are other bytes.
const NOISE_BYTES = 65_521;
const HEADER_BYTES = 4;
const noise = (() => {
  const random = new Random(1);
  const bytes = Buffer.alloc(2 * NOISE_BYTES);
  for (let i = 0; i < NOISE_BYTES; i++) bytes[i] = random.below(256);
  bytes.copyWithin(NOISE_BYTES, 0, NOISE_BYTES);
  return bytes;
})();

/** Bytes `at` to `at + length` of the stream `key`: its key, then noise from a place of its own. */
function bytesOf(key, at, length) {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const from = (at + done + key * 7_919) % NOISE_BYTES;
    done += noise.copy(bytes, done, from, from + NOISE_BYTES);
  }
  for (let i = at; i < Math.min(HEADER_BYTES, at + length); i++) bytes[i - at] = (key >>> (8 * i)) & 255;
  return bytes;
}

const LENGTHS = [
  [1, 300],
  [1, 300],
  [1, 300],
  [2_000, 20_000],
  [60_000, 400_000],
];
const LAST = ['end', 'end', 'end', 'end', 'destroy', 'destroySoon', 'reset'];

/** What a program's handler throws: all else goes on as if it had returned. */
class HandlerError extends Error {}

/** One end of a connection: it plays its part, and keeps account. */
class End {
  /**
   * `broken` takes a sentence for each promise that is not kept; `strict`: a reset is never an end;
   * `turns` waits so many turns of the loop; `throwing`: how many of a hundred handlers throw; `onThrow` is called before.
   */
  constructor(socket, key, random, { broken, strict, turns, throwing, onThrow }) {
    Object.assign(this, { socket, key, random, written: 0, callbacks: 0, writes: 0, received: 0 });
    Object.assign(this, { closes: 0, errors: [], ends: 0, finished: false, destroyed: false, header: [] });
    Object.assign(this, { failed: 0, succeeded: -1 }); // callbacks with an error; the last write without one
    this.strict = strict;
    Object.assign(this, { turns, throwing, onThrow });
    this.broken = (what) => broken(`stream ${key}: ${what}`);
    socket.on('error', (error) => this.onError(error));
    socket.on('end', () => this.onEnd());
    socket.on('finish', () => (this.finished = true));
    this.closed = new Promise((resolve) => {
      socket.on('close', (hadError) => {
        this.onClose(hadError);
        resolve();
      });
    });
  }

  /** The key of the stream that has come in, once it is known. */
  get peerKey() {
    if (this.header.length < HEADER_BYTES) return undefined;
    return Buffer.from(this.header).readUInt32LE(0);
  }

  read(how) {
    const { socket } = this;
    if (how === 'readable') {
      socket.on('readable', () => {
        for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) this.take(chunk);
      });
      return;
    }
    socket.on('data', (chunk) => {
      this.take(chunk);
      if (this.random.chance(3)) {
        socket.pause();
        setImmediate(() => setImmediate(() => socket.resume()));
      }
      if (this.random.chance(2)) this.write();
      if (this.random.chance(1)) this.close('destroy');
      this.throwSometimes();
    });
  }

  /** In the handler itself, or in a tick of it. */
  throwSometimes() {
    // A stream of Node's with something left to read does not go on by itself.
    if (this.socket.readableLength > 0 || !this.random.chance(this.throwing)) return;
    const error = new HandlerError(`stream ${this.key}`);
    this.onThrow();
    if (this.random.chance(50)) throw error;
    process.nextTick(() => {
      throw error;
    });
  }

  take(chunk) {
    if (this.closes > 0 || this.ends > 0) this.broken(`bytes after ${this.closes > 0 ? 'close' : 'end'}`);
    const missing = Math.min(HEADER_BYTES - this.header.length, chunk.length);
    this.header.push(...chunk.subarray(0, missing));
    if (this.peerKey !== undefined && !bytesOf(this.peerKey, this.received, chunk.length).equals(chunk)) {
      this.broken(
        `bytes ${this.received} to ${this.received + chunk.length} are not those of ${this.peerKey}`,
      );
    }
    this.received += chunk.length;
  }

  onError(error) {
    if (this.closes > 0) this.broken(`an error after close: ${error.code}`);
    this.errors.push(error);
  }

  onEnd() {
    if (this.closes > 0) this.broken('an end after close');
    this.ends++;
  }

  onClose(hadError) {
    this.closes++;
    if (hadError !== this.errors.length > 0)
      this.broken(`close says ${hadError}, ${this.errors.length} errors`);
  }

  write() {
    const { socket, random } = this;
    if (socket.destroyed || socket.writableEnded) return;
    const [least, most] = random.of(LENGTHS);
    const length = least + random.below(most - least + 1);
    const bytes = bytesOf(this.key, this.written, length);
    this.written += length;
    const place = this.writes++;
    let called = false;
    const callback = (error) => {
      if (!error) bytes.fill(0); // it is the program's again
      if (called) this.broken(`the callback of write ${place} came twice`);
      called = true;
      const next = this.callbacks++;
      // A destroyed stream of Node's fails what it has buffered before it reports the writes that went well.
      const expected = this.failed === 0 ? next : Math.max(place, this.succeeded + 1);
      if (error) this.failed++;
      else if (place !== expected) this.broken(`the callback of write ${place} came as number ${next}`);
      else this.succeeded = place;
    };
    const kind = random.below(4);
    if (kind === 0) socket.write(bytes.toString('latin1'), 'latin1', callback);
    else if (kind === 1) socket.write(new Uint8Array(bytes), callback);
    else socket.write(bytes, callback);
  }

  close(how) {
    const { socket } = this;
    if (socket.destroyed) return;
    this.last = how;
    if (how === 'end') {
      socket.end();
      return;
    }
    this.destroyed = true;
    if (how === 'destroySoon') socket.destroySoon();
    else if (how === 'reset' && socket.resetAndDestroy && this.resets) socket.resetAndDestroy();
    else socket.destroy();
  }

  /** Writes, waits and turns on and off, and closes at last. */
  async play() {
    const { socket, random } = this;
    const steps = random.below(10);
    for (let step = 0; step < steps && !socket.destroyed; step++) {
      switch (random.below(8)) {
        case 0: {
          socket.cork();
          for (let n = random.below(20); n > 0; n--) this.write();
          socket.uncork();
          break;
        }
        case 1:
          socket.pause();
          break;
        case 2:
          socket.resume();
          break;
        case 3:
          socket.setNoDelay(random.chance(50)).setKeepAlive(random.chance(50), 1_000);
          break;
        case 4:
          socket.unref();
          await this.turns(random.below(3));
          socket.ref();
          break;
        default:
          this.write();
      }
      await this.turns(random.below(4));
    }
    this.close(random.of(LAST));
    socket.resume();
  }

  /** What must hold when everything is over. `peer` is the other end, if it is known. */
  check(peer) {
    if (this.closes !== 1) this.broken(`${this.closes} times 'close'`);
    if (this.errors.length > 1) this.broken(`${this.errors.length} times 'error'`);
    if (this.ends > 1) this.broken(`${this.ends} times 'end'`);
    if (this.callbacks !== this.writes) this.broken(`${this.callbacks} callbacks of ${this.writes} writes`);
    // What was read and not taken yet goes with a destroy.
    const { bytesRead } = this.socket;
    if (this.ends > 0 ? bytesRead !== this.received : bytesRead < this.received) {
      this.broken(`bytesRead is ${this.socket.bytesRead}, ${this.received} bytes came`);
    }
    const error = this.errors[0];
    if (!this.destroyed && error === undefined && this.ends === 0) this.broken('neither an error nor an end');
    if (peer === undefined) return;
    const peerKey = this.peerKey ?? peer.key;
    if (peerKey !== peer.key) this.broken(`bytes of ${peerKey}, the peer is ${peer.key}`);
    if (this.received > peer.written) this.broken(`${this.received} bytes, ${peer.written} were written`);
    const clean = peer.finished && peer.errors.length === 0 && error === undefined && this.ends === 1;
    // libuv takes a hang-up for an end, a reset's too.
    if (peer.destroyed && !this.strict) return;
    if (clean && this.received !== peer.written) {
      this.broken(`an end after ${this.received} of ${peer.written} bytes, the peer's ${peer}`);
    }
  }

  toString() {
    const { key, socket, written, received, ends, closes, writes, callbacks } = this;
    const state = `${this.resets ? 'TCP' : 'local'}, ${this.last ?? 'playing'}, ${socket.readyState}, errors ${this.errors.map(({ code }) => code)}`;
    return `stream ${key}: ${state}, wrote ${written} in ${writes} (${callbacks} called back), received ${received}, ends ${ends}, closes ${closes}`;
  }
}

module.exports = { Random, End, HandlerError };
