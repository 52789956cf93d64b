'use strict';

// What docs/differences.md lists, one spec for each row. A spec fails when the difference is gone, so that the row goes too.

const assert = require('node:assert/strict');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');
const { packageRoot } = require('../support/transports.js');
const { run } = require('../support/program.js');
const { nodeMajor } = require('../support/sockets.js');
const { isWindows } = require('../support/local-names.js');

const file = path.join(__dirname, 'fixtures', 'differences.js');
const WAYS = { require: { net: packageRoot }, preload: { net: 'node:net', preload: 'require' } };

async function seen(scenario, { net, preload = 'none' }) {
  const result = await run({ file, args: [scenario], preload, env: { NET: net, NODE_NO_WARNINGS: '1' } });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

/** `theirs` and `ours` are what the two see; `ways` those of using the package in which they differ. */
function differs(title, scenario, { theirs, ours, ways = ['require', 'preload'] }) {
  it(title, async () => {
    const expected = await seen(scenario, { net: 'node:net' });
    for (const way of ways) {
      const actual = await seen(scenario, WAYS[way]);
      const equal = isDeepStrictEqual(actual, expected);
      assert.equal(equal, false, `${way}: equal to node:net now; docs/differences.md has a row too many`);
      assert.deepEqual(actual, ours, way);
    }
    assert.deepEqual(expected, theirs);
  });
}

const WRITES = ['writeBuffer', 'writev', 'writeUtf8String', 'useUserBuffer', 'onread', 'open', 'setBlocking'];

describe('differences from node:net', function () {
  this.timeout(120_000);

  differs('a handle is no object of the C++ of Node', 'handleClass', {
    theirs: [
      [true, true],
      [true, true],
    ],
    ours: [
      [false, false],
      [false, false],
    ],
  });
  differs('a handle has no methods for bytes', 'handleMethods', { theirs: WRITES, ours: [] });
  differs('bytes do not pass through the handle', 'handleBytes', {
    theirs: ['writeUtf8String', 'onread'],
    ours: [],
  });
  differs('a handle is no stream of the C++ of Node', 'streamBase', { theirs: true, ours: false });
  differs('a bound connection begins before connect of the handle', 'boundConnect', { theirs: 0, ours: 1 });
  differs('a bound connection has no address before it is made', 'boundAddress', {
    theirs: '127.0.0.1',
    ours: null,
  });
  differs('destroy inside connectionAttempt', 'destroyInAttempt', { theirs: ['TypeError'], ours: [] });
  differs('end while several addresses are tried', 'endWhileTrying', { theirs: false, ours: true });
  differs('resetAndDestroy right after end', 'resetAfterEnd', {
    theirs: ['error', 'EINVAL'],
    ours: ['close', null],
  });
  differs('bytesWritten of Buffers that wait for the connection', 'pendingBytes', { theirs: 'NaN', ours: 6 });
  differs('a report that is written to a file', 'reportFile', { theirs: 2, ours: 0 });
  differs('buffer sizes in a report', 'reportBuffers', { theirs: [2, true], ours: [2, false] });
  differs('the order of active resources', 'listOrder', {
    theirs: ['TCPServerWrap', 'UDPWrap'],
    ours: ['UDPWrap', 'TCPServerWrap'],
  });
  differs('frames of a refused argument', 'refusedFrames', { theirs: false, ours: true });
  differs('frames of an error of the system', 'errorFrames', { theirs: false, ours: true });
  differs('symbols of a socket', 'symbols', { theirs: [true, true], ours: [false, false] });
  differs('the prototype of Socket.prototype', 'prototypes', { theirs: true, ours: false });
  differs('classes without the preload', 'classes', {
    theirs: [true, true, true],
    ours: [false, false, true],
    ways: ['require'],
  });
  differs('objects of async resources', 'asyncResources', {
    theirs: ['ShutdownWrap', 'TCP', 'TCPConnectWrap'],
    ours: ['AsyncResource', 'TCP'],
  });
  differs('the async id of promises between the pieces of a body', 'microtaskId', {
    theirs: [true],
    ours: [false],
    ways: ['preload'],
  });
  differs('the context of upgrades and client errors', 'upgradeContext', {
    theirs: [nodeMajor >= 24 ? 'a connection' : null, 'a connection'],
    ours: [null, null],
    ways: ['preload'],
  });
  differs('the line of what is thrown', 'thrownText', { theirs: true, ours: false });
  differs('a lookup that finds nothing', 'emptyLookup', {
    theirs: 'TypeError',
    ours: 'ERR_INVALID_IP_ADDRESS',
  });
  differs('members of errors', 'errorMembers', { theirs: false, ours: true });
  differs('writes that are active', 'activeWrites', { theirs: true, ours: false });
  differs('ticks of a stream', 'ticks', { theirs: true, ours: false });
  differs('calls of _unrefTimer', 'unrefTimer', { theirs: true, ours: false });
  differs('a buffer function that gives none at first', 'lateBuffer', {
    theirs: [10, 6],
    ours: [10, 3, 3],
  });
  differs('patches and what a TLS server accepts', 'libuvPatches', {
    theirs: true,
    ours: false,
    ways: ['preload'],
  });
  differs('patches and the socket of an HTTP/2 client', 'http2ClientPatches', {
    theirs: true,
    ours: false,
    ways: ['preload'],
  });
  differs('a corked socket under TLS', 'corkedUnderTls', { theirs: ['handshake', 'text'], ours: ['text'] });
  differs('the address of a socket that was under TLS', 'addressAfterTls', {
    theirs: ['127.0.0.1', null],
    ours: ['127.0.0.1', '127.0.0.1'],
  });
  differs('the handle of TLS sockets', 'tlsHandle', { theirs: false, ours: true, ways: ['preload'] });
  differs('a property of process', 'processProperty', { theirs: false, ours: true });

  if (isWindows) {
    differs('addresses of an HTTP/2 session over a given socket', 'http2Addresses', {
      theirs: '127.0.0.1',
      ours: null,
    });
    differs('a socket as the standard stream of a child', 'standardStream', {
      theirs: 'ENOTSUP',
      ours: 'ERR_INVALID_ARG_VALUE',
    });
  } else {
    differs('TLS over a connecting socket', 'tlsOverConnecting', {
      theirs: [16_384, 'promise', 3_616, 'promise'],
      ours: [16_384, 3_616, 'promise', 'promise'],
    });
    differs('a socket that is ended under TLS', 'endedUnderTls', { theirs: 'EPIPE', ours: null });
    differs('aborting on an uncaught exception', 'abortOnUncaught', { theirs: true, ours: false });
    differs('connections of one turn', 'acceptsInATurn', { theirs: 'one', ours: 'several' });
    differs('a local connect that fails at once', 'refusedLocalConnect', {
      theirs: ['ENOENT', 'immediate'],
      ours: ['immediate', 'ENOENT'],
    });
    differs('a refused and an accepted connection of one turn', 'refusedAndAccepted', {
      theirs: ['connection', 'ECONNREFUSED'],
      ours: ['ECONNREFUSED', 'connection'],
    });
    differs('a descriptor that another server listens on', 'watchedDescriptor', {
      theirs: 'EEXIST',
      ours: 'listening',
    });
    differs('the watcher of the engine in a report', 'reportLoop', { theirs: false, ours: true });
  }

  if (!isWindows && nodeMajor < 24) {
    differs('the store of a handover to TLS', 'storeOfHandover', { theirs: null, ours: 'of the handover' });
  }
  if (nodeMajor >= 22) {
    differs('a free socket of an agent, without the preload', 'freeSockets', {
      theirs: 2,
      ours: 1,
      ways: ['require'],
    });
  }
});
