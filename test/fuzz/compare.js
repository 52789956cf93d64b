'use strict';

// When two plays of a program count as the same.

const { getDefaultHighWaterMark } = require('node:stream');
const { isDeepStrictEqual } = require('node:util');
const { isWindows } = require('../support/local-names.js');

// A longer write leaves in steps on the port of Windows, so that an idle timeout sees that it goes on.
const SEND_STEP_BYTES = 1024 * 1024;

const HIGH_WATER_MARK_BYTES = getDefaultHighWaterMark(false);
const CHUNK_BYTES_MAX = 64 * 1024;

/** Whether a side writes so much that on Windows it may leave in steps. */
function writesInSteps({ bursts }) {
  const bytes = { client: 0, server: 0 };
  for (const { side, calls, serverCalls = [] } of bursts) {
    for (const { size = 0 } of calls) bytes[side === 'server' ? 'server' : 'client'] += size;
    for (const { size = 0 } of serverCalls) bytes.server += size;
  }
  return Math.max(bytes.client, bytes.server) > SEND_STEP_BYTES;
}

/** What happened, without where it stood among the rest: events of one kind keep their order, 'drain' and what write() returned go. */
function byKind(events) {
  const sorted = events.filter(([event]) => event !== 'drain' && event !== 'returned');
  return sorted.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
}

/** A socket that nobody reads has stopped: with the chunk that filled its buffer, and not one more. */
function isFull({ readableLength }) {
  return readableLength >= HIGH_WATER_MARK_BYTES && readableLength < HIGH_WATER_MARK_BYTES + CHUNK_BYTES_MAX;
}

/**
 * With which byte a socket that nobody reads stops is decided by where its chunks end. Unlike libuv's the port's receive on
 * Windows may hold a buffer, and then ends with the first bytes that arrive, also when more follow in the same turn. On
 * Linux a shutdown leaves in the turn of its call, not in the next, and after it the kernel cuts elsewhere.
 */
function withoutFill(snapshot) {
  return isFull(snapshot) ? { ...snapshot, readableLength: 'full', bytesRead: 'full' } : snapshot;
}

/** What a socket gave up that had been full: where its buffer ended and the next chunk began shows between its other events. */
function withoutCuts(segment) {
  const bytes = segment.reduce((sum, [event, length]) => (event === 'data' ? sum + length : sum), 0);
  const first = segment.findIndex(([event]) => event === 'data');
  return segment.flatMap((event, at) => {
    if (event[0] !== 'data') return [event];
    return at === first ? [['data', bytes]] : [];
  });
}

/** Joins neighbouring 'data' events; puts 'timeout' last, once, or leaves it out where the socket closes. */
function normalSegment(segment) {
  const events = [];
  for (const event of segment) {
    if (event[0] === 'timeout') continue;
    const last = events.at(-1);
    if (event[0] === 'data' && last?.[0] === 'data') events[events.length - 1] = ['data', last[1] + event[1]];
    else events.push(event);
  }
  const idle = segment.some(([event]) => event === 'timeout') && !events.some(([event]) => event === 'close');
  return idle ? [...events, ['timeout']] : events;
}

/**
 * The freedoms. All but the fill of a full socket are taken by node:net against itself from one run to the next:
 *  - chunks: where the bytes of a stream are cut (play.js joins neighbouring 'data' events), and so how far a socket that
 *    nobody reads is filled beyond its high-water mark (withoutFill);
 *  - idle time: when within a burst 'timeout' comes, how often, and whether it still comes before the close.
 * And one of Windows:
 *  - libuv hands a write of megabytes to the system in one piece, the port in steps. So it ends later, and there is time
 *    to receive in between: only what happens in a burst is compared, not in which order.
 */
function normal(program, result) {
  const inSteps = isWindows && writesInSteps(program);
  const side = (of) => {
    if (!of) return of;
    let { segments } = of;
    if (of.snapshots.some(isFull)) segments = segments.map(withoutCuts);
    if (inSteps) segments = segments.map(byKind);
    return { ...of, snapshots: of.snapshots.map(withoutFill), segments: segments.map(normalSegment) };
  };
  return { ...result, client: side(result.client), server: side(result.server) };
}

function same(program, expected, actual) {
  return isDeepStrictEqual(normal(program, actual), normal(program, expected));
}

module.exports = { normal, same };
