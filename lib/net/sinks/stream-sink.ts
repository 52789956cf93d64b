// Bytes for the socket's stream.
import type { Buffer } from 'node:buffer';

import stream = require('node:stream');

import type { Receiver, StreamEndpoint } from '../../port/endpoint.js';
import type { Connection } from '../connection.js';
import { errnoException, ofCompletion } from '../errors.js';
import { refreshIdle } from '../idle-timer.js';
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

const [LF, CR] = [0x0a, 0x0d];
const [C, G] = [0x43, 0x47]; // CONNECT and GET have no body; a body that begins so is taken for one of them

/** Whether one request's head is all that there is. */
function isHead(chunk: Buffer): boolean {
  if (chunk[0] !== G && chunk[0] !== C) return false;
  const { length } = chunk;
  for (let at = 1; at < length - 2; at++) {
    // The first blank line.
    if (chunk[at] === LF && chunk[at + 1] === CR && chunk[at + 2] === LF) return at + 3 === length;
  }
  return false;
}

/**
 * Whether an HTTP server's parser may find a body. Over node:net libuv calls it, with nothing around: the ticks of a
 * body's event run before the body's end.
 */
function mayHaveBody(socket: ThisSocket, chunk: Buffer): boolean {
  return socket.parser != null && socket._server !== null && !isHead(chunk);
}

/** Keeps nothing: one for all sockets. */
export class StreamSink implements Sink {
  readonly under = null;

  get receiver(): Receiver | null {
    return null;
  }

  bytes(connection: Connection, chunk: Buffer): void {
    const { socket, endpoint } = connection;
    if (!connection.arrived(chunk.length)) return;
    if (endpoint !== null && mayHaveBody(socket, chunk)) {
      endpoint.port.outermost.add(() => {
        if (!socket.destroyed) connection.inContext(() => this.give(connection, endpoint, chunk));
      });
    } else {
      this.give(connection, endpoint, chunk);
    }
  }

  /** `endpoint`: where the bytes come from. A listener may destroy the socket, and connect it anew. */
  private give(connection: Connection, endpoint: StreamEndpoint | null, chunk: Buffer): void {
    const { socket } = connection;
    if (flowsPlainly(socket)) socket.emit('data', chunk);
    else if (isParsed(socket)) ParserSink.instead(this, connection).parse(connection, chunk);
    else if (!socket.push(chunk)) connection.stopReceiving(endpoint);
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
