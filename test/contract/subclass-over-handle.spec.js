'use strict';

// Subclasses, of both kinds, over descriptors and handles that the port does not carry: the object is the subclass's,
// and its methods are.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const util = require('node:util');
const { contract } = require('../support/contract.js');
const { when } = require('../support/sockets.js');

function classesOf(net) {
  class Modern extends net.Socket {
    constructor(options) {
      super(options);
      this.own = 'modern';
    }
    twice(text) {
      return text + text;
    }
  }
  class Further extends Modern {}
  function Old(options) {
    net.Socket.call(this, options);
    this.own = 'old';
  }
  util.inherits(Old, net.Socket);
  Old.prototype.twice = (text) => text + text;
  function Older(options) {
    Old.call(this, options);
  }
  util.inherits(Older, Old);
  return { Modern, Further, Old, Older };
}

const silent = () => ({
  readStart: () => 0,
  readStop: () => 0,
  close: (closed) => setImmediate(closed),
  ref() {},
  unref() {},
  getAsyncId: () => 1,
});

contract(
  'subclasses over what the port does not carry',
  ({ net, it }) => {
    for (const name of ['Modern', 'Further', 'Old', 'Older']) {
      it(`${name} over a handle of the program's own`, async () => {
        const Class = classesOf(net)[name];
        const handle = silent();
        const socket = new Class({ handle });
        assert.ok(socket instanceof Class && socket instanceof net.Socket);
        assert.equal(Object.getPrototypeOf(socket), Class.prototype);
        assert.equal(socket._handle, handle);
        assert.deepEqual([socket.pending, socket.connecting, socket.destroyed], [false, false, false]);
        assert.equal(socket.twice('ab'), 'abab');
        assert.match(socket.own, /modern|old/);
        socket.destroy();
        assert.deepEqual(await when(socket, 'close'), [false]);
        assert.equal(socket._handle, null);
      });

      if (process.platform === 'win32') continue; // it has no such pipes in the file system
      it(`${name} over the descriptor of a pipe`, async () => {
        const Class = classesOf(net)[name];
        const fifo = path.join(os.tmpdir(), `iocp-net-subclass-${process.pid}-${name}`);
        execFileSync('mkfifo', [fifo]);
        const fd = fs.openSync(fifo, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
        fs.unlinkSync(fifo);
        const socket = new Class({ fd });
        assert.equal(Object.getPrototypeOf(socket), Class.prototype);
        assert.equal(socket.twice('ab'), 'abab');
        const data = when(socket, 'data');
        socket.write('hello');
        assert.equal(String((await data)[0]), 'hello');
        socket.destroy();
        await when(socket, 'close');
        assert.throws(() => fs.fstatSync(fd), { code: 'EBADF' });
      });
    }
  },
  { traffic: false },
);
