// A room for telnet: what one says, all others read.
const net = require('node:net');
const readline = require('node:readline');

const people = new Map();

function broadcast(text, except) {
  for (const socket of people.keys()) if (socket !== except) socket.write(`${text}\r\n`);
}

const server = net.createServer((socket) => {
  socket.on('error', () => {}); // 'close' follows
  socket.write('Your name? ');
  readline.createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => {
    const name = people.get(socket);
    if (name !== undefined) return broadcast(`${name}: ${line}`, socket);
    people.set(socket, line.trim() || 'somebody');
    broadcast(`${people.get(socket)} is here`);
  });
  socket.on('close', () => {
    const name = people.get(socket);
    if (people.delete(socket)) broadcast(`${name} has left`);
  });
});

server.listen(Number(process.env.PORT ?? 10101), () => {
  console.log(`telnet localhost ${server.address().port}`);
});
