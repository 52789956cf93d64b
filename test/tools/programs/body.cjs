'use strict';

// The async context of a request's 'end', when head and body have come in one piece.

const http = require('node:http');
const { AsyncLocalStorage } = require('node:async_hooks');
const { listen, ask, print } = require('./support.cjs');

const storage = new AsyncLocalStorage();
const server = http.createServer((request, response) =>
  storage.run('of the request', () => {
    request.on('data', () => print('data', storage.getStore()));
    request.on('end', () => {
      print('end', storage.getStore());
      response.end();
    });
  }),
);

async function main() {
  const port = await listen(server);
  print(await ask({ host: '127.0.0.1', port, method: 'POST' }, 'body'));
  server.closeAllConnections();
  server.close();
}

main();
