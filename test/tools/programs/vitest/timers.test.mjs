// vitest's clock and mocks over sockets.
import net from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => vi.useRealTimers());

test('idle timeouts follow the clock of vitest', async () => {
  vi.useFakeTimers();
  const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = net.connect({ port: server.address().port, host: 'localhost' });
  await new Promise((resolve) => socket.once('connect', resolve));
  const timeout = vi.fn();
  socket.setTimeout(1_000, timeout);
  vi.advanceTimersByTime(999);
  console.log(`called ${timeout.mock.calls.length}`);
  vi.advanceTimersByTime(1);
  console.log(`called ${timeout.mock.calls.length}`);
  socket.write('x');
  expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('x');
  socket.destroy();
  await new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => server.close(resolve));
});

test('spies on the prototype', async () => {
  const connect = vi.spyOn(net.Socket.prototype, 'connect');
  const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = net.connect(server.address().port, '127.0.0.1').resume();
  await new Promise((resolve) => socket.once('close', resolve));
  expect(connect).toHaveBeenCalledTimes(1);
  connect.mockRestore();
  await new Promise((resolve) => server.close(resolve));
});

test('a test that fails', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  server.close();
  expect(server.listening).toBe(true);
});
