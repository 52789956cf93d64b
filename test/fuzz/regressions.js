'use strict';

// Programs on which the two implementations once differed, as the fuzzer shrank them.

const plain = {
  clientHalfOpen: false,
  serverHalfOpen: false,
  pauseOnConnect: false,
  clientReads: 'data',
  serverReads: 'data',
  early: false,
};
const write = (size, encoding = 'buffer') => ({ op: 'write', size, encoding });
const op = (name) => ({ op: name });

module.exports = {
  'a write that failed before its socket was destroyed reports why': {
    options: { ...plain, serverHalfOpen: true },
    bursts: [
      { side: 'client', calls: [op('destroy')] },
      { side: 'server', calls: [write(1_000_000), op('destroy'), op('pause')] },
    ],
  },
  'an end that waits unread is reported before the end of the other direction': {
    options: { ...plain, pauseOnConnect: true },
    bursts: [
      { side: 'client', calls: [op('destroy'), write(1)] },
      { side: 'both', calls: [op('pause')], serverCalls: [op('read'), op('end'), write(1)] },
    ],
  },
  'more than a MiB that a socket takes at once has been written when the socket is destroyed after it': {
    options: plain,
    bursts: [
      { side: 'server', calls: [op('cork'), write(1_000_000)] },
      { side: 'server', calls: [write(65_535), op('destroySoon'), write(16_383)] },
    ],
  },
  'bytesWritten counts the bytes of a write that fails': {
    options: { ...plain, clientReads: 'later', early: true },
    bursts: [
      { side: 'client', calls: [op('cork'), op('pause'), write(1)] },
      { side: 'server', calls: [op('reset'), op('destroy')] },
      { side: 'client', calls: [write(1)] },
    ],
  },
  'corked writes leave in one piece before the end, to a peer that is gone': {
    options: plain,
    bursts: [
      { side: 'client', calls: [op('cork'), write(1)] },
      { side: 'client', calls: [write(1)] },
      { side: 'server', calls: [op('destroy')] },
    ],
  },
  'corked text and bytes to a peer that is gone': {
    options: plain,
    bursts: [
      { side: 'server', calls: [op('cork'), write(1), write(8, 'utf16le')] },
      { side: 'client', calls: [write(261), op('destroyError')] },
    ],
  },
  'a timeout that is set on a destroyed socket': {
    options: { ...plain, serverHalfOpen: true },
    bursts: [{ side: 'client', calls: [op('destroy'), op('timeout')] }],
  },
  'a reset right after connect': {
    options: { ...plain, clientReads: 'readable', serverReads: 'later', early: true },
    bursts: [
      { side: 'client', calls: [op('reset')] },
      { side: 'server', calls: [write(69, 'utf16le')] },
    ],
  },
  'destroySoon right after connect': {
    options: { ...plain, clientHalfOpen: true, serverReads: 'later', early: true },
    bursts: [
      { side: 'client', calls: [op('destroySoon')] },
      { side: 'server', calls: [write(73, 'utf16le')] },
    ],
  },
  'an end while the peer is corked': {
    options: plain,
    bursts: [
      { side: 'both', calls: [op('cork'), write(1)], serverCalls: [op('pause')] },
      { side: 'client', calls: [write(1)] },
      { side: 'server', calls: [op('destroy'), op('pause')] },
      { side: 'both', calls: [op('pause')], serverCalls: [op('setNoDelay')] },
    ],
  },
};
