// Bytes for the socket's stream.
import type { Buffer } from 'node:buffer';

import stream = require('node:stream');

import { errnoException, ofCompletion } from '../../node/errors.js';
import type { Receiver } from '../../port/endpoint.js';
import type { Connection } from '../connection/connection.js';
import { refreshIdle } from '../connection/idle-timer.js';
import type { ThisSocket } from '../state.js';
import { isParsed, ParserSink } from './parser-sink.js';
import type { Sink } from './sink.js';

const { push } = stream.Readable.prototype;

/** The methods by which a stream asks for bytes, as the prototype of sockets has them; a program may have its own. */
export const asking: { read?: unknown; _read?: unknown } = {};

/**
 * Whether push() would do nothing but emit 'data', and ask for more: bytes flow to one listener, with nothing buffered,
 * decoded or overridden. The first chunk always goes the long way, which notes that there was one.
 */
function flowsPlainly(socket: ThisSocket): boolean {
  return (
    socket.readableFlowing === true &&
    socket.readableDidRead &&
    !socket._readableState.ended &&
    !socket._readableState.errored &&
    socket.readableLength === 0 &&
    socket.readableEncoding === null &&
    socket.push === push &&
    socket.read === asking.read &&
    socket._read === asking._read &&
    socket.listenerCount('data') === 1
  );
}

/** Keeps nothing: one for all sockets. */
export class StreamSink implements Sink {
  readonly under = null;

  get receiver(): Receiver | null {
    return null;
  }

  bytes(connection: Connection, chunk: Buffer): void {
    // Where the bytes come from: a listener may destroy the socket, and connect it anew.
    const { socket, endpoint } = connection;
    if (!connection.arrived(chunk.length)) return;
    if (isParsed(socket)) ParserSink.instead(this, connection).parse(connection, chunk);
    else if (flowsPlainly(socket)) socket.emit('data', chunk);
    else if (!socket.push(chunk)) connection.stopReceiving(endpoint);
  }

  parsed(connection: Connection): void {
    if (this.receiver === null) ParserSink.instead(this, connection);
  }

  end({ socket }: Connection): void {
    refreshIdle(socket);
    if (socket._readableState.endEmitted) return;
    socket.push(null);
    socket.read(0);
  }

  error({ socket }: Connection, status: number): void {
    refreshIdle(socket);
    socket.destroy(ofCompletion(() => errnoException(status, 'read')));
  }

  follow(_next: Connection): Sink {
    return this;
  }
}

export const streamSink = new StreamSink();
