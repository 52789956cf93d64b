'use strict';
// The addon takes Node's functions from the running executable, not from a file called node.exe.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');

describe('a renamed executable', () => {
  it('runs the engine', function () {
    this.timeout(120_000);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-renamed-'));
    try {
      const renamed = path.join(folder, `another-name${path.extname(process.execPath)}`);
      fs.copyFileSync(process.execPath, renamed);
      const source = `
        const net = require(${JSON.stringify(root)});
        const { engine } = require('iocp-net/engine');
        const server = net.createServer((socket) => socket.end('x')).listen(0, '127.0.0.1', () => {
          net.connect(server.address().port, '127.0.0.1').on('close', () => server.close()).resume();
        });
        server.on('close', () => {
          console.log([engine.name, engine.counters.bytesReceived, process.execPath].join(' '));
        });`;
      const output = execFileSync(renamed, ['-e', source], { cwd: root, encoding: 'utf8' }).trim();
      const [name, bytes, ...file] = output.split(' ');
      assert.equal(name, process.platform === 'win32' ? 'iocp' : 'epoll');
      assert.equal(Number(bytes), 1);
      assert.match(file.join(' '), /another-name/);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});
