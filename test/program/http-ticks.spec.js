'use strict';

// When ticks run between the events of an HTTP server's requests that come in one chunk. Over node:net the parser is
// called by libuv's stream, and the ticks of a body's event run before its end. (Found by Node's own
// test-http-pause-no-dump: a request that was paused and answered in its first 'data' lost the rest of its body.)

const assert = require('node:assert/strict');
const { run } = require('../support/program.js');

const program = (requests) => `
  const http = require('node:http');
  const net = require('node:net');
  const trace = [];
  const note = (what) => {
    trace.push(what);
    process.nextTick(() => trace.push('tick of ' + what));
    Promise.resolve().then(() => trace.push('microtask of ' + what));
  };
  const post = (path, ...fields) => ['POST ' + path + ' HTTP/1.1', 'Host: localhost', ...fields].join('\\r\\n') + '\\r\\n\\r\\n';
  const sized = (path, body) => post(path, 'Content-Length: ' + body.length) + body;
  const chunked = (path, ...bodies) =>
    post(path, 'Transfer-Encoding: chunked') + bodies.map((body) => body.length.toString(16) + '\\r\\n' + body + '\\r\\n').join('') + '0\\r\\n\\r\\n';
  const get = (path) => post(path).replace('POST', 'GET');
  const server = http.createServer((request, response) => {
    note('request ' + request.url);
    let bytes = 0;
    request.on('data', (chunk) => {
      bytes += chunk.length;
      if (!request.url.endsWith('large')) note('data ' + chunk); // how a large one is cut is up to the system
      if (request.url !== '/paused' || bytes > 'first'.length) return;
      request.pause();
      response.end(request.url);
      response.on('finish', () => setImmediate(() => request.resume()));
    });
    request.on('end', () => {
      note('end of ' + bytes);
      if (!response.writableEnded) response.end(request.url);
    });
    response.on('finish', () => note('finish ' + request.url));
  });
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    client.write(${requests});
    let text = '';
    client.on('data', (chunk) => {
      text += chunk;
      if (!text.includes('/last')) return;
      client.end();
      server.close(() => console.log(JSON.stringify(trace)));
    });
  });`;

const CASES = {
  'a GET, two bodies, and one in chunks': `get('/1') + sized('/2', 'two') + sized('/3', 'three') + chunked('/4', 'a', 'b') + get('/last')`,
  'a body that is paused at its first chunk and answered': `chunked('/paused', 'first', 'second') + get('/last')`,
  'a large body': `sized('/last-large', 'x'.repeat(300000))`,
};

describe('ticks between the events of http', function () {
  this.timeout(120_000);
  for (const [title, requests] of Object.entries(CASES)) {
    it(title, async () => {
      const [plain, ours] = await Promise.all(
        ['none', 'require'].map((preload) => run({ source: program(requests), preload })),
      );
      assert.equal(ours.stderr, '');
      assert.deepEqual(JSON.parse(ours.stdout), JSON.parse(plain.stdout));
      assert.ok(JSON.parse(ours.stdout).length > 5); // some of each kind
    });
  }
});
