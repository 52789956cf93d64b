// How bytes are handed to the system, which has been asked when write() returns, as by node:net: by copy or by
// reference, one by one or together. The connection settles what comes of it.
import { Buffer } from 'node:buffer';
import { errnoException, textAsBuffer } from '../../node/errors.js';
import type { StreamEndpoint } from '../../port/endpoint.js';
import type { WriteCallback, WritevChunk } from '../state.js';
import type { Connection } from './connection.js';

const UTF8_BYTES_PER_UNIT_MAX = 3;
// Of several pieces that leave together: up to here they are copied, if they are this short on average.
const GATHERED_BYTES_MAX = 16 * 1024;
const GATHERED_PIECE_BYTES = 1024;
// What libuv hands over in one call at most (on Linux). A write of more is not over when it returns.
const PIECES_MAX = 1024;
// Up to here copying a chunk costs less than handing it over by reference; a string is encoded anyway.
const COPIED_BYTES_MAX = 2048;
const COPIED_TEXT_BYTES_MAX = 16 * 1024;
// What Node's StreamBase::WriteString allows for a text, and has room for on its stack. Other encodings become Buffers.
const TRIED_BYTES_MAX = 16 * 1024;
const TRIED_BYTES_PER_UNIT_MAX = new Map([
  ['latin1', 1],
  ['binary', 1],
  ['ascii', 1],
  ['ucs2', 2],
  ['ucs-2', 2],
  ['utf16le', 2],
  ['utf-16le', 2],
  ['utf8', 3],
  ['utf-8', 3],
]);

/** The most bytes of a string, if they certainly fit into the slab; otherwise what they are. */
function textBytesMax(text: string, encoding: BufferEncoding): number {
  const bytesMax = text.length * UTF8_BYTES_PER_UNIT_MAX;
  return bytesMax <= COPIED_TEXT_BYTES_MAX ? bytesMax : Buffer.byteLength(text, encoding);
}

/** A stream takes 'buffer' for a text, too. Corked, node:net then writes it as UTF-8; alone it throws. */
function encodingOf({ encoding }: WritevChunk): BufferEncoding {
  return (encoding as string) === 'buffer' ? 'utf8' : encoding;
}

function toBytes(piece: WritevChunk): Uint8Array {
  const { chunk } = piece;
  return typeof chunk === 'string' ? Buffer.from(chunk, encodingOf(piece)) : chunk;
}

/** Where the pieces from `at` on are no longer short: one call to the system takes only so many. */
function endOfShortPieces(chunks: WritevChunk[], at: number): number {
  let end = at;
  while (end < chunks.length && (chunks[end] as WritevChunk).chunk.length <= GATHERED_PIECE_BYTES) end++;
  return end;
}

function joined(chunks: WritevChunk[]): Uint8Array {
  let bytesMax = 0;
  for (const piece of chunks) {
    const { chunk } = piece;
    bytesMax += typeof chunk === 'string' ? Buffer.byteLength(chunk, encodingOf(piece)) : chunk.length;
  }
  const bytes = Buffer.allocUnsafeSlow(bytesMax);
  let length = 0;
  for (const piece of chunks) {
    const { chunk } = piece;
    if (typeof chunk === 'string') {
      length += bytes.write(chunk, length, encodingOf(piece));
    } else if (chunk.length > 0) {
      bytes.set(chunk, length);
      length += chunk.length;
    }
  }
  return bytes.subarray(0, length);
}

export function sendBytes(
  connection: Connection,
  endpoint: StreamEndpoint,
  bytes: Uint8Array,
  callback: WriteCallback,
): void {
  const { length } = bytes;
  // Of no bytes, too: the answer may be an error.
  const sent =
    length > COPIED_BYTES_MAX
      ? endpoint.send(bytes, length)
      : endpoint.sendSlab(endpoint.port.slab.copy(bytes, 0));
  connection.settle(sent, length, callback);
}

/** Whether node:net tries to send such a text from its stack. When that fails, bytesWritten does not count it. */
function isTriedFirst(text: string, encoding: string): boolean {
  const bytesPerUnitMax = TRIED_BYTES_PER_UNIT_MAX.get(encoding);
  return bytesPerUnitMax !== undefined && text.length * bytesPerUnitMax <= TRIED_BYTES_MAX;
}

export function sendText(
  connection: Connection,
  endpoint: StreamEndpoint,
  text: string,
  encoding: BufferEncoding,
  callback: WriteCallback,
): void {
  if ((encoding as string) === 'buffer') throw textAsBuffer();
  let sent: number;
  let length: number;
  if (textBytesMax(text, encoding) <= COPIED_TEXT_BYTES_MAX) {
    length = endpoint.port.slab.encode(text, encoding, 0);
    sent = endpoint.sendSlab(length);
  } else {
    const bytes = Buffer.from(text, encoding);
    length = bytes.length;
    sent = endpoint.send(bytes, length);
  }
  if (sent < 0 && isTriedFirst(text, encoding)) callback(errnoException(sent, 'write'));
  else connection.settle(sent, length, callback);
}

/** What the program corked, or handed over together, leaves in one call. */
export function sendAll(
  connection: Connection,
  endpoint: StreamEndpoint,
  chunks: WritevChunk[],
  callback: WriteCallback,
): void {
  let bytesMax = 0;
  for (const piece of chunks) {
    const { chunk } = piece;
    bytesMax += typeof chunk === 'string' ? textBytesMax(chunk, encodingOf(piece)) : chunk.length;
  }
  const pieces = chunks.length;
  // Many small pieces are cheaper to copy than to hand over one by one.
  if (
    pieces <= PIECES_MAX &&
    bytesMax <= Math.max(COPIED_BYTES_MAX, Math.min(GATHERED_BYTES_MAX, pieces * GATHERED_PIECE_BYTES))
  ) {
    const { slab } = endpoint.port;
    let length = 0;
    for (const piece of chunks) {
      const { chunk } = piece;
      length =
        typeof chunk === 'string' ? slab.encode(chunk, encodingOf(piece), length) : slab.copy(chunk, length);
    }
    connection.settle(length === 0 ? 0 : endpoint.sendSlab(length), length, callback);
    return;
  }
  const list: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at < pieces; ) {
    const end = endOfShortPieces(chunks, at);
    const bytes = end - at > 1 ? joined(chunks.slice(at, end)) : toBytes(chunks[at] as WritevChunk);
    at = Math.max(end, at + 1);
    if (bytes.length === 0) continue;
    list.push(bytes);
    total += bytes.length;
  }
  connection.settle(endpoint.send(list, total, pieces), total, callback);
}
