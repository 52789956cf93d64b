// What TLS reads and writes of a socket that stays with the port, without the socket's own buffers: as over a handle, the
// socket itself sees neither bytes nor their end.

import stream = require('node:stream');

import { errnoException } from '../../node/errors.js';
import { takeHeld } from '../sinks/parser-sink.js';
import { TakenSink } from '../sinks/taken-sink.js';
import { kConnection, type ThisSocket, type WriteCallback } from '../state.js';

/** As much of a Duplex as Node's wrapper for streams calls; it has one write under way at a time. */
export class TakenStream extends stream.Readable {
  readonly writable = true;
  private wanted = false;

  constructor(
    private readonly socket: ThisSocket,
    private readonly failed: (error: Error) => void,
  ) {
    super({ autoDestroy: false }); // the end of what is read ends nothing else
    if (socket.connecting) socket.prependOnceListener('connect', () => this.divert());
    else this.divert();
    socket.once('close', () => this.destroy());
  }

  override _read(): void {
    const { socket } = this;
    // Not by a listener of its own, which one of the program's that throws would keep from being called.
    if (socket.connecting) this.wanted = true;
    else if (!socket[kConnection].reading) socket[kConnection].receive();
  }

  cork(): void {
    this.socket.cork();
  }

  uncork(): void {
    this.socket.uncork();
  }

  write(chunk: Buffer, callback: WriteCallback): void {
    const { socket } = this;
    // As a handle that has been shut down: the system says what becomes of it.
    if (socket.writableEnded) socket._writeGeneric(false, chunk, 'buffer', callback);
    else socket.write(chunk, callback);
  }

  end(callback: WriteCallback): void {
    if (this.socket.writableEnded) process.nextTick(callback);
    else this.socket._final(callback);
  }

  override _destroy(_error: Error | null, callback: WriteCallback): void {
    this.socket.destroy();
    callback(null);
  }

  receiveFailed(status: number): void {
    this.failed(errnoException(status, 'read'));
  }

  private divert(): void {
    const connection = this.socket[kConnection];
    for (const chunk of takeHeld(connection)) this.push(chunk);
    if (connection.endpoint !== null) connection.divert(new TakenSink(this));
    if (this.wanted) this._read();
  }
}
