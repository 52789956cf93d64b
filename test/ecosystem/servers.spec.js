'use strict';

// Clients of databases and brokers, and a proxy, against the real servers of Debian's packages, on Linux.
// A server that is not installed is skipped with a line that says how to get it; with IOCP_NET_REQUIRE_SERVERS=1 that
// is a failure.

const { carriedAlike } = require('./support/carried.js');
const { needsPackages } = require('../support/ecosystem-packages.js');
const { realServer, missingPackages } = require('./support/servers.js');

const required = process.env.IOCP_NET_REQUIRE_SERVERS === '1';

function withServer(name, title, body) {
  it(title, async function () {
    const missing = missingPackages([name]);
    if (missing.length > 0) {
      const line = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
      if (required) throw new Error(`${name} is not installed: ${line}`);
      console.log(`      not run, ${name} is not installed: ${line}`);
      this.skip(); // the gate requires it
    }
    await body();
  });
}

if (process.platform === 'linux') {
  describe('real servers through the preload', function () {
    this.timeout(240_000);
    needsPackages();
    const clients = {
      redis: 'ioredis and Redis',
      memcached: 'memjs and memcached',
      postgres: 'pg and PostgreSQL',
      mariadb: 'mysql2 and MariaDB',
      mosquitto: 'mqtt and Mosquitto',
      rabbitmq: 'amqplib and RabbitMQ',
    };
    for (const [name, title] of Object.entries(clients)) {
      withServer(name, `${title}: connect, transfer, restart of the server, close`, async () => {
        const server = await realServer(name);
        try {
          const answer = () => server.restart();
          await carriedAlike('databases.js', [name, server.port], { connected: 2, answer });
        } finally {
          await server.remove();
        }
      });
    }
    withServer('nginx', 'nginx as a proxy in front of http and ws', async () => {
      const proxies = [];
      try {
        const answer = async (asked) => {
          const proxy = await realServer('nginx', { upstream: asked.split(' ')[1] });
          proxies.push(proxy);
          return proxy.port;
        };
        await carriedAlike('behind-nginx.js', [], { accepted: 2, connected: 2, answer });
      } finally {
        for (const proxy of proxies) await proxy.remove();
      }
    });
  });
}
