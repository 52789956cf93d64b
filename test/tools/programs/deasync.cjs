'use strict';

// deasync: a loop that is turned until an answer has come, in the main program, in handlers and within each other.

const net = require('node:net');
const http = require('node:http');
const deasync = require('deasync');
const { mirror, echo, print } = require('./support.cjs');

function sync(start) {
  let done = false;
  let result;
  start((value) => {
    done = true;
    result = value;
  });
  deasync.loopWhile(() => !done);
  return result;
}

const get = (port, path) =>
  sync((done) =>
    http.get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => done(text));
    }),
  );

async function main() {
  const { server, port } = await mirror();
  const other = await echo();
  print(get(port, '/first'));
  const order = [];
  const socket = net.connect(other.port, '127.0.0.1', () => {
    order.push('connect');
    socket.write('one');
  });
  socket.setEncoding('utf8').on('data', (text) => {
    order.push(text);
    if (text === 'one') {
      order.push(get(port, '/within'));
      socket.write('two');
      order.push('written');
    } else socket.end();
  });
  socket.on('end', () => order.push('end'));
  await new Promise((resolve) => socket.on('close', resolve));
  print(order.join(' '));
  // A server that asks another before it answers.
  const asking = http.createServer((request, response) => response.end(`asked ${get(port, request.url)}`));
  await new Promise((resolve) => asking.listen(0, '127.0.0.1', resolve));
  const { port: at } = asking.address();
  const answers = await Promise.all(
    [1, 2, 3].map(async (n) => (await fetch(`http://127.0.0.1:${at}/${n}`)).text()),
  );
  print(answers.join(', '));
  const wait = deasync((ms, done) => setTimeout(() => done(null, ms), ms));
  print(wait(20));
  for (const each of [server, asking]) {
    each.closeAllConnections();
    each.close();
  }
  other.server.close();
}

main();
