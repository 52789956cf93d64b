'use strict';

// One connection to the server that sends everything back: each byte that comes is looked at.

const net = require('node:net');
const { PERIOD, bytesAt, isAt } = require('./pattern.js');

const SILENCE_LIMIT_MS = 120_000;

class Conversation {
  /**
   * @param {{portNow: () => number, random: () => number, tally: object, mayFail?: boolean}} options
   *   mayFail: its server may be gone at any time
   */
  constructor({ portNow, random, tally, mayFail = false }) {
    this.tally = tally;
    this.mayFail = mayFail;
    this.start = Math.floor(random() * PERIOD);
    this.sent = 0;
    this.received = 0;
    this.failed = undefined;
    this.waiting = undefined;
    this.left = false;
    this.socket = net.connect({ port: portNow(), host: '127.0.0.1' });
    this.opened = new Promise((resolve) => {
      this.socket.once('connect', () => resolve(true));
      this.socket.once('close', () => resolve(false));
    });
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    let closes = 0;
    this.socket
      .on('data', (chunk) => this.take(chunk))
      .on('error', (error) => this.fail(error.message))
      .on('end', () => {
        if (this.received < this.sent) this.fail(`ended after ${this.received} of ${this.sent} bytes`);
      })
      .on('close', () => {
        if (++closes > 1) tally.wrong('closed twice');
        tally.closed++;
        this.waiting?.();
      });
    tally.opened++;
  }

  take(chunk) {
    this.tally.bytes += chunk.length;
    if (!isAt(this.start + this.received, chunk)) {
      this.tally.wrong(`other bytes at ${this.received}, ${chunk.length} of them`);
      this.socket.destroy();
    }
    this.received += chunk.length;
    if (this.received > this.sent) this.tally.wrong('more bytes than were sent');
    if (this.received >= this.sent) this.waiting?.();
  }

  fail(what) {
    this.failed ??= what;
    if (this.left) return;
    if (this.mayFail) this.tally.lost++;
    else this.tally.wrong(what);
  }

  write(length) {
    this.socket.write(bytesAt(this.start + this.sent, length));
    this.sent += length;
  }

  /** Resolves when everything has come back, or nothing more will. */
  async answered() {
    if (this.received >= this.sent || this.socket.destroyed) return;
    let guard;
    await new Promise((resolve) => {
      this.waiting = resolve;
      guard = setTimeout(() => {
        this.fail(`${this.received} of ${this.sent} bytes came, and then nothing for a long time`);
        this.socket.destroy();
      }, SILENCE_LIMIT_MS);
    });
    clearTimeout(guard);
    this.waiting = undefined;
  }

  async end() {
    this.socket.end();
    await this.closed;
  }

  /** Goes away by itself: what was under way may be lost. */
  async leave(how) {
    this.left = true;
    this.socket[how]();
    await this.closed;
  }
}

module.exports = { Conversation };
