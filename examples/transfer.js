// Sends a file over loopback with a progress bar, and compares what arrived.
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const { pipeline } = require('node:stream/promises');

const file = process.env.FILE ?? process.execPath;
const { size } = fs.statSync(file);
const WIDTH = 40;

function show(bytes) {
  const part = size === 0 ? 1 : bytes / size;
  const bar = '#'.repeat(Math.round(part * WIDTH)).padEnd(WIDTH, '.');
  const line = `[${bar}] ${Math.round(part * 100)} %`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}`);
  else if (bytes === size) process.stdout.write(line);
}

const server = net.createServer(async (socket) => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of socket) {
    hash.update(chunk);
    bytes += chunk.length;
    show(bytes);
  }
  server.close();
  const sent = createHash('sha256');
  await pipeline(fs.createReadStream(file), sent);
  const same = hash.digest('hex') === sent.digest('hex');
  console.log(`\n${bytes} bytes of ${file}: ${same ? 'the same' : 'NOT the same'}`);
  process.exitCode = same ? 0 : 1;
});

server.listen(0, '127.0.0.1', () => {
  pipeline(fs.createReadStream(file), net.connect(server.address().port, '127.0.0.1'));
});
