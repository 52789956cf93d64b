// Hands every connection on to TARGET, and its answers back.
const net = require('node:net');
const { pipeline } = require('node:stream');

const [host, port] = (process.env.TARGET ?? 'localhost:7000').split(':');

const server = net.createServer({ allowHalfOpen: true }, (inside) => {
  const outside = net.connect({ host, port: Number(port), allowHalfOpen: true });
  const done = (error) => error && console.error(error.message);
  pipeline(inside, outside, done);
  pipeline(outside, inside, done);
});

server.listen(Number(process.env.PORT ?? 7001), () => {
  console.log(`port ${server.address().port} leads to ${host}:${port}`);
});
