'use strict';

// Connections that become TLS or HTTP/2 on their way, with the port preloaded: STARTTLS, CONNECT, gRPC. Both halves of
// each program must end with the same result; transfers are compared by their SHA-256.

const { carriedAlike } = require('./support/carried.js');
const { needsPackages } = require('../support/ecosystem-packages.js');
const { realServer, missingPackages } = require('./support/servers.js');

const required = process.env.IOCP_NET_REQUIRE_SERVERS === '1';
/** Ports of servers that run already, as name=port: npm run test:windows starts them beside Wine. */
const running = new Map(
  (process.env.IOCP_NET_SERVERS ?? '')
    .split(',')
    .filter(Boolean)
    .map((one) => one.split('=')),
);
const expected = { connected: 1, libuvToo: true };

describe('connections that become TLS or HTTP/2, through the preload', function () {
  this.timeout(300_000);
  needsPackages();
  it('SMTP of our own with STARTTLS, 100 MiB each way', () =>
    carriedAlike('secured.js', ['smtp'], { accepted: 1, connected: 1, libuvToo: true }));
  it('IMAP of our own with STARTTLS, 100 MiB each way', () =>
    carriedAlike('secured.js', ['imap'], { accepted: 1, connected: 1, libuvToo: true }));
  it('a mail of 100 MiB from nodemailer to smtp-server, with STARTTLS', () =>
    carriedAlike('secured.js', ['mail'], { accepted: 1, connected: 1, libuvToo: true }));
  it('https-proxy-agent through a proxy, 100 MiB each way', () =>
    carriedAlike('secured.js', ['proxy'], { accepted: 1, connected: 2, libuvToo: true }));
  it('grpc-js, clear and with TLS, 100 MiB each way', () => carriedAlike('secured.js', ['grpc'], expected));
  for (const [name, title] of [
    ['postgres', 'pg and PostgreSQL with TLS'],
    ['mariadb', 'mysql2 and MariaDB with TLS'],
  ]) {
    if (running.has(name)) {
      it(title, () => carriedAlike('secured.js', [name, running.get(name)], expected));
      continue;
    }
    if (process.platform !== 'linux') continue;
    it(title, async function () {
      const missing = missingPackages([name]);
      if (missing.length > 0) {
        const line = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
        if (required) throw new Error(`${name} is not installed: ${line}`);
        console.log(`      not run, ${name} is not installed: ${line}`);
        this.skip(); // the gate requires it
      }
      const server = await realServer(name);
      try {
        await carriedAlike('secured.js', [name, server.port], expected);
      } finally {
        await server.remove();
      }
    });
  }
});
