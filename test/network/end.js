'use strict';

// One end of a connection: sends its stream, and traces what its socket reports. A trace has only what no network may
// change: no sizes of chunks, no times, and of two things that race only that both have happened.

const { createHash } = require('node:crypto');
const { bytesAt, numbers } = require('./streams.js');

const SIZES_MAX = [1, 100, 1_500, 16_384, 60_000];
const LOST = new Set(['ECONNRESET', 'EPIPE']);

class End {
  events = [];
  received = 0;
  sent = 0;
  #hash = createHash('sha256');
  #writes = 0;
  #calledBack = 0;
  #failed = 0;
  #disorder = false;
  #waiting = new Set();

  /**
   * @param {import('node:net').Socket} socket
   * @param {object} stream
   * @param {number} stream.place        where its own stream begins
   * @param {number} stream.seed         in which pieces it is written
   * @param {number} [stream.comparedBytes]  of what is received so much is compared: of an end that leaves early
   * @param {boolean} [stream.endless]   it writes until it cannot: how much that is, the network decides
   * @param {boolean} [stream.mayBeCut]  how the peer's leaving is reported, the network decides
   */
  constructor(socket, { place, seed, comparedBytes = Number.POSITIVE_INFINITY, endless, mayBeCut }) {
    this.socket = socket;
    this.place = place;
    this.comparedBytes = comparedBytes;
    this.endless = endless ?? false;
    this.mayBeCut = mayBeCut ?? false;
    this.random = numbers(seed);
    socket.on('connect', () => this.note('connect', socket.remoteAddress, socket.remoteFamily));
    socket.on('timeout', () => this.note('timeout'));
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('end', () => this.#ended());
    socket.on('finish', () => this.note('finish'));
    socket.on('error', (error) => this.#error(error));
    socket.on('close', (hadError) => this.note('close', hadError));
  }

  note(...what) {
    this.events.push(what.join(' '));
    this.#check();
  }

  #ended() {
    if (!this.mayBeCut) this.note('end');
  }

  #error({ code, syscall }) {
    if (this.mayBeCut && LOST.has(code)) this.note('cut');
    // A reset is found by the read or by the write, whichever comes first.
    else if (code === 'ECONNRESET') this.note('error', code);
    else this.note('error', code, syscall);
  }

  #take(chunk) {
    const compared = Math.min(chunk.length, this.comparedBytes - this.received);
    if (compared > 0) this.#hash.update(chunk.subarray(0, compared));
    this.received += chunk.length;
    this.#check();
  }

  #check() {
    for (const one of this.#waiting) {
      if (!one.holds()) continue;
      this.#waiting.delete(one);
      one.resolve();
    }
  }

  /** Resolves when `holds`, or when nothing more can come. */
  #until(holds) {
    return new Promise((resolve) => {
      const over = () => holds() || this.events.at(-1)?.startsWith('close');
      if (over()) resolve();
      else this.#waiting.add({ holds: over, resolve });
    });
  }

  has(event) {
    return this.#until(() => this.events.some((one) => one.split(' ')[0] === event));
  }

  hasReceived(bytes) {
    return this.#until(() => this.received >= bytes);
  }

  /** The next bytes of its stream, in one of the ways in which a program writes. */
  #write(length) {
    const bytes = bytesAt(this.place + this.sent, length);
    const number = this.#writes++;
    this.sent += length;
    const done = (error) => {
      this.#calledBack++;
      if (error) this.#failed++;
      else if (number !== this.#calledBack - 1) this.#disorder = true;
    };
    if (this.random() < 0.3) return this.socket.write(bytes.toString('latin1'), 'latin1', done);
    return this.socket.write(bytes, done);
  }

  /** At once, in one piece. */
  say(length) {
    this.#write(length);
  }

  #drained() {
    return new Promise((resolve) => {
      const done = () => {
        this.socket.off('drain', done).off('close', done);
        resolve();
      };
      this.socket.on('drain', done).on('close', done);
    });
  }

  /** In pieces of every size, some of them corked together; waits for 'drain' where the socket asks for it. */
  async send(length) {
    const until = this.sent + length;
    while (this.sent < until && !this.socket.destroyed) {
      const corked = this.random() < 0.2;
      if (corked) this.socket.cork();
      let more = true;
      for (let n = corked ? 4 : 1; n > 0 && this.sent < until; n--) {
        const sizeMax = SIZES_MAX[Math.floor(this.random() * SIZES_MAX.length)];
        const size = 1 + Math.floor(this.random() * sizeMax);
        more = this.#write(Math.min(size, until - this.sent));
      }
      if (corked) this.socket.uncork();
      if (!more && !this.socket.destroyed) await this.#drained();
    }
  }

  /** Once its socket is closed. */
  trace() {
    const { socket, events, endless } = this;
    // Of an end that leaves early, more may have come: as much as was compared counts.
    const counted = (bytes) => Math.min(bytes, this.comparedBytes);
    return {
      events,
      received: counted(this.received),
      bytesRead: counted(socket.bytesRead),
      bytesWritten: endless ? socket.bytesWritten > 0 : socket.bytesWritten,
      writes: endless ? 'some' : this.#writes,
      calledBack: this.#calledBack === this.#writes ? 'each' : `${this.#calledBack} of ${this.#writes}`,
      failed: endless ? 'some' : this.#failed,
      inOrder: !this.#disorder,
      hash: this.#hash.digest('hex'),
    };
  }
}

module.exports = { End };
