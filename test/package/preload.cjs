'use strict';
// An unmodified program under --require iocp-net/register: Node itself makes no TCP handle for its server.
const assert = require('node:assert/strict');
const http = require('node:http');

const server = http.createServer((_request, response) => {
  // A report lists ours too, under an address of their own.
  const handles = process.report
    .getReport()
    .libuv.filter(({ type, address }) => type === 'tcp' && !address.startsWith('iocp-net'));
  response.end(handles.map(({ fd }) => fd).join());
});

server.listen(0, '127.0.0.1', async () => {
  const response = await fetchText(server.address().port);
  assert.equal(response, '', 'Node made TCP handles of its own');
  server.close(() => console.log('preload: the server and its connections are ours'));
});

function fetchText(port) {
  return new Promise((resolve, reject) => {
    http
      .get({ port, host: '127.0.0.1', agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
      })
      .on('error', reject);
  });
}
