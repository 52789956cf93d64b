// A server in each worker thread; the threads share nothing.
const http = require('node:http');
const { Worker, isMainThread, parentPort, threadId } = require('node:worker_threads');

const THREADS = 2;

if (isMainThread) {
  for (let i = 0; i < THREADS; i++) {
    new Worker(__filename).on('message', (port) => console.log(`http://localhost:${port}/`));
  }
} else {
  const server = http.createServer((_request, response) => response.end(`Hello from thread ${threadId}\n`));
  server.listen(0, () => parentPort.postMessage(server.address().port));
}
