// Compares a program of one's own on node:net and on the engine: processor time for each request, in turns, since a
// machine is never as quick twice. The program listens on PORT and prints a line when it does.
const { spawn } = require('node:child_process');
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const path = require('node:path');

const program = process.env.PROGRAM ?? path.join(__dirname, 'express.js');
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const REQUESTS = Number(process.env.REQUESTS ?? 2000);
const CONNECTIONS = 20;
const TRANSPORTS = ['libuv', ''];

/** Answers with the processor time that the program took when we ask for it, and ends it when we let go of it. */
const METER = `data:text/javascript,process.once('message', () => {
  const { user, system } = process.cpuUsage();
  process.send(user + system);
});
process.once('disconnect', () => process.exit());`;

async function freePort() {
  const server = net.createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function get(options) {
  return new Promise((resolve, reject) => {
    const request = http.get(options, (response) => response.resume().once('end', resolve));
    request.once('error', (error) => {
      // A server may close a kept connection at any time: what was asked on it then is asked again.
      if (request.reusedSocket && error.code === 'ECONNRESET') resolve(get(options));
      else reject(error);
    });
  });
}

/** Microseconds of processor time for each request. */
async function measure(engine) {
  const port = await freePort();
  const preload = require.resolve('iocp-net/register', { paths: [process.cwd(), __dirname] });
  const child = spawn(process.execPath, ['--require', preload, '--import', METER, program], {
    env: { ...process.env, NODE_OPTIONS: '', PORT: String(port), IOCP_NET_ENGINE: engine },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(child.stdout, 'data');
  child.stdout.resume();
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const requests = Array.from({ length: REQUESTS }, () => get({ host: 'localhost', port, agent }));
  await Promise.all(requests);
  agent.destroy();
  child.send('end');
  const [microseconds] = await once(child, 'message');
  child.disconnect();
  await once(child, 'exit');
  return microseconds / REQUESTS;
}

async function main() {
  const samples = TRANSPORTS.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, engine] of TRANSPORTS.entries()) samples[index].push(await measure(engine));
  }
  const middle = samples.map((values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]);
  for (const [index, name] of ['node:net', 'iocp-net'].entries()) {
    console.log(`${name.padEnd(9)} ${middle[index].toFixed(1)} µs for each request (start included)`);
  }
}

main();
