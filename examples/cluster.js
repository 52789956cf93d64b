// One port, several processes: each worker answers with its own number.
const cluster = require('node:cluster');
const http = require('node:http');

const WORKERS = 2;

if (cluster.isPrimary) {
  let listening = 0;
  for (let i = 0; i < WORKERS; i++) cluster.fork();
  cluster.on('listening', (_worker, { port }) => {
    if (++listening === WORKERS) console.log(`http://localhost:${port}/`);
  });
  process.once('SIGTERM', () => cluster.disconnect());
} else {
  http
    .createServer((_request, response) => response.end(`Hello from worker ${cluster.worker.id}\n`))
    .listen(Number(process.env.PORT ?? 3000));
}
