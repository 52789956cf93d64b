// A connection that stays on this machine: a Unix socket, on Windows a named pipe.
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const name = `iocp-net-example-${process.pid}`;
const address =
  process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : path.join(os.tmpdir(), `${name}.sock`);

const server = net.createServer((socket) => socket.end('hello from the other side\n'));
server.listen(address, () => {
  console.log(`listening on ${address}`);
  net
    .connect(address)
    .setEncoding('utf8')
    .on('data', (text) => process.stdout.write(text))
    .on('close', () => server.close());
});
