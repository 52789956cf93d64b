const net = require('node:net');

const server = net.createServer((socket) => {
  socket.on('error', (error) => console.error(error.message));
  socket.pipe(socket);
});

server.listen(Number(process.env.PORT ?? 7000), () => {
  console.log(`echo on port ${server.address().port}`);
});
