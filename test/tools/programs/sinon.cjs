'use strict';

// sinon's clock: connections go on while time stands still, and idle timeouts follow the clock.

const http = require('node:http');
const net = require('node:net');
const sinon = require('sinon');
const { listen, print } = require('./support.cjs');

const turns = async (count) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => realImmediate(resolve));
};
const realImmediate = setImmediate;
const realTimeout = setTimeout;

async function main() {
  const clock = sinon.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'Date'],
  });
  const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
  const port = await listen(server);
  const socket = net.connect({ host: 'localhost', port, autoSelectFamilyAttemptTimeout: 10 });
  await new Promise((resolve) => socket.once('connect', resolve));
  print('connected at', Date.now());
  const trace = [];
  socket.on('timeout', () => trace.push(`timeout at ${Date.now()}`));
  socket.setTimeout(5_000);
  clock.tick(4_999);
  print(trace.length);
  socket.write('x');
  await new Promise((resolve) => socket.once('data', resolve));
  clock.tick(4_999);
  print(trace.length);
  clock.tick(2);
  print(trace.join(), socket.timeout);
  const spy = sinon.spy();
  socket.on('close', spy);
  socket.destroy();
  while (!spy.called) await turns(1);
  print('closed', spy.callCount, spy.firstCall.args);

  const web = http.createServer({ keepAliveTimeout: 1_000 }, (_, response) => response.end('answer'));
  const webPort = await listen(web);
  const stub = sinon.stub(net.Socket.prototype, 'setKeepAlive').callsFake(function () {
    return this;
  });
  const answer = await new Promise((resolve) =>
    http.get({ host: '127.0.0.1', port: webPort, agent: new http.Agent({ keepAlive: true }) }, (response) =>
      response.resume().on('end', () => resolve(response.statusCode)),
    ),
  );
  print(answer, 'setKeepAlive', stub.callCount);
  stub.restore();
  const write = sinon.spy(net.Socket.prototype, 'write');
  const end = sinon.spy(net.Socket.prototype, 'end');
  const second = net.connect(port, '127.0.0.1', () => second.end('bye'));
  second.resume();
  await new Promise((resolve) => second.once('close', resolve));
  print('end', end.getCalls().filter(({ thisValue }) => thisValue === second).length, write.called);
  sinon.restore();
  clock.restore();
  await new Promise((resolve) => realTimeout(resolve, 20));
  print(setTimeout === realTimeout);
  web.closeAllConnections();
  web.close();
  server.close();
}

main();
