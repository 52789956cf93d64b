'use strict';

// A hundred local connections at once, five megabytes each, byte for byte.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { contract } = require('../support/contract.js');
const { localName } = require('../support/local-names.js');
const { when, listening, close, until } = require('../support/sockets.js');

const CONNECTIONS = 100;
const PAYLOAD_BYTES = 5 * 2 ** 20;
const BLOCK_BYTES = 64 * 1024;

const digest = () => crypto.createHash('sha256');

contract(
  'local endpoints: volume',
  ({ net, it }) => {
    it(`${CONNECTIONS} connections at once carry ${PAYLOAD_BYTES} bytes each: the hashes are equal`, async () => {
      const name = localName();
      const received = new Map();
      const server = await listening(
        net,
        {},
        (socket) => {
          const hash = digest();
          let bytes = 0;
          let number;
          socket.on('data', (chunk) => {
            number ??= chunk.readUInt8(0);
            bytes += chunk.length;
            hash.update(chunk);
          });
          socket.on('end', () => received.set(number, [bytes, hash.digest('hex')]));
        },
        { path: name },
      );
      const send = async (number) => {
        // Its own bytes for each connection: the first one is its number.
        const block = crypto.randomBytes(BLOCK_BYTES);
        block.writeUInt8(number, 0);
        const hash = digest();
        const client = net.connect(name);
        await when(client, 'connect');
        for (let sent = 0; sent < PAYLOAD_BYTES; sent += BLOCK_BYTES) {
          hash.update(block);
          if (!client.write(block)) await when(client, 'drain');
        }
        client.resume().end();
        await when(client, 'close');
        return [PAYLOAD_BYTES, hash.digest('hex')];
      };
      const sent = await Promise.all(Array.from({ length: CONNECTIONS }, (_, number) => send(number)));
      // A pipe of Windows has no half of its own: its client ends when the server is slow to answer, and has read less yet.
      await until(() => received.size === CONNECTIONS, 'the end of every connection');
      sent.forEach((expected, number) => {
        assert.deepEqual(received.get(number), expected);
      });
      await close(server);
    });
  },
  { heavy: true },
);
