// What jest finds open at its end.
const net = require('node:net');
const http = require('node:http');

test('leaves a server open', async () => {
  const server = net.createServer((socket) => socket.end('hello'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const text = await new Promise((resolve) => {
    let all = '';
    const socket = net.connect(server.address().port, '127.0.0.1');
    socket.setEncoding('utf8').on('data', (chunk) => (all += chunk));
    socket.on('close', () => resolve(all));
  });
  expect(text).toBe('hello');
});

test('leaves a connection open', async () => {
  const server = http.createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = net.connect(server.address().port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
});

test('leaves nothing open', async () => {
  const server = net.createServer((socket) => socket.destroy());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = net.connect(server.address().port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => server.close(resolve));
});
