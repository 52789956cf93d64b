// An ordinary program: it knows node:net, and nothing of iocp-net.
const net = require('node:net');

const server = net.createServer((socket) => socket.end('hello from the other side\n'));
server.listen(0, '127.0.0.1', () => {
  const client = net.connect(server.address().port, '127.0.0.1');
  client.setEncoding('utf8');
  client.on('data', (text) => process.stdout.write(text));
  client.on('close', () => server.close());
});
