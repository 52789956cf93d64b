'use strict';

// A peer that resets the connection while a write waits and the socket reads: the receive reports the reset, and the write
// is given up by the close.

const { differential } = require('../support/contract.js');
const { listening, close, closed, noteClose, when } = require('../support/sockets.js');

differential('a reset under a write that waits', ({ same }) => {
  for (const pausesBefore of [false, true]) {
    same(`the socket ${pausesBefore ? 'does not read' : 'reads'}`, async (net) => {
      const server = await listening(net, {}, (peer) => noteClose(peer.pause()).on('error', () => {}));
      const client = noteClose(net.connect(server.address().port, '127.0.0.1'));
      const [[peer]] = await Promise.all([when(server, 'connection'), when(client, 'connect')]);
      if (pausesBefore) client.pause();
      else client.resume();
      const seen = [];
      client.on('error', (error) => seen.push(['error', error.code, error.syscall]));
      const failed = when(client, 'error');
      const written = new Promise((resolve) =>
        client.write(Buffer.alloc(32 << 20), (error) => resolve(['write', error?.code, error?.syscall])),
      );
      setTimeout(() => peer.resetAndDestroy(), 50);
      await failed;
      const result = await written;
      await Promise.all([closed(client), closed(peer), close(server)]);
      return pausesBefore ? [seen.length] : [...seen, result];
    });
  }
});
