'use strict';

// nock: answers of its own for node:http and fetch, what it lets through, what it refuses, and what it records.

const { default: nock } = require('nock');
const { mirror, ask, print, exchange, echo } = require('./support.cjs');

async function main() {
  const { server, port } = await mirror();
  const other = await echo();

  nock('http://mocked.test').get('/a').reply(200, 'made up', { 'x-made': 'up' });
  nock('http://mocked.test').post('/b', 'body').delay(20).reply(201, 'created');
  nock('http://mocked.test')
    .get('/c')
    .replyWithError(Object.assign(new Error('torn'), { code: 'ETORN' }));
  nock('http://mocked.test:8080').get('/d').times(2).reply(204);
  print(await ask({ agent: false, host: 'mocked.test', path: '/a' }));
  print(await ask({ agent: false, host: 'mocked.test', path: '/b', method: 'POST' }, 'body'));
  print(await ask({ agent: false, host: 'mocked.test', path: '/c' }));
  print(await ask({ agent: false, host: 'mocked.test', port: 8080, path: '/d' }));
  print((await fetch('http://mocked.test:8080/d')).status, nock.isDone());

  // Through to the server, beside what is made up for the same host.
  nock(`http://127.0.0.1:${port}`, { allowUnmocked: true }).get('/one').reply(299, 'one');
  for (const path of ['/one', '/two']) print(await ask({ host: '127.0.0.1', port, path }));
  print(await (await fetch(`http://127.0.0.1:${port}/three`)).text());
  print(await exchange({ host: '127.0.0.1', port: other.port }, 'over net itself'));

  nock.disableNetConnect();
  print(await ask({ host: '127.0.0.1', port, path: '/refused' }));
  nock.enableNetConnect('127.0.0.1');
  nock.cleanAll();
  nock.restore();

  nock.recorder.rec({ dont_print: true, output_objects: true });
  print(await ask({ host: '127.0.0.1', port, path: '/recorded', method: 'POST' }, 'text'));
  for (const { method, path, body, status, response } of nock.recorder.play())
    print('recorded', method, path, body, status, response);
  nock.restore();
  print(await ask({ host: '127.0.0.1', port, path: '/after' }));
  server.closeAllConnections();
  server.close();
  other.server.close();
}

main();
