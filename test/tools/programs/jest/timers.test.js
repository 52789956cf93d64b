// jest's clock over sockets.
const net = require('node:net');

test('idle timeouts follow the clock of jest', async () => {
  jest.useFakeTimers();
  const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = net.connect({ port: server.address().port, host: 'localhost' });
  await new Promise((resolve) => socket.once('connect', resolve));
  const timeout = jest.fn();
  socket.setTimeout(1_000, timeout);
  jest.advanceTimersByTime(5_000);
  console.log(`called ${timeout.mock.calls.length}`);
  socket.write('x');
  expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('x');
  jest.useRealTimers();
  socket.destroy();
  await new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => server.close(resolve));
});

test('a mocked module', async () => {
  jest.resetModules();
  jest.doMock('node:net', () => ({ ...jest.requireActual('node:net'), connect: () => 'mocked' }));
  expect(require('node:net').connect()).toBe('mocked');
  jest.dontMock('node:net');
});
