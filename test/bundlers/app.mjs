// An echo over the port; prints what carried it.
import net from 'iocp-net';
import { engine } from 'iocp-net/engine';

const server = net.createServer((socket) => socket.pipe(socket));
server.listen(0, '127.0.0.1', () => {
  const client = net.connect(server.address().port, '127.0.0.1', () => client.end('echo'));
  client.setEncoding('utf8').on('data', (text) => console.log(text, engine.name, engine.reason ?? ''));
  client.on('close', () => server.close());
});
