// Names for local endpoints: Unix sockets, and named pipes on Windows.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const isWindows = process.platform === 'win32';
const PIPES = '\\\\.\\pipe\\';
let serial = 0;
let folder = null;

/** A name of its own for a local server, short enough for every system. */
function localName() {
  const name = `iocp-net-${process.pid}-${serial++}`;
  if (isWindows) return PIPES + name;
  if (folder === null) {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-'));
    process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  }
  return path.join(folder, `${name}.sock`);
}

module.exports = { localName, isWindows };
