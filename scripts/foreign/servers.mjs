// Real servers for the suites that need one: those of the ecosystem specs, each on a free port of 127.0.0.1.
import { once } from 'node:events';
import { createRequire } from 'node:module';

const { missingPackages, realServer } = createRequire(import.meta.url)(
  '../../test/ecosystem/support/servers.js',
);

/** The Debian packages that a suite needs and this machine lacks. */
export function missingForSuite(suite) {
  return missingPackages(Object.keys(suite.servers ?? {}));
}

/** Starts a suite's servers, hands their ports to `body` by name, and removes them. */
export async function withServers(suite, body) {
  const servers = [];
  try {
    for (const [name, settings] of Object.entries(suite.servers ?? {})) {
      const server = await realServer(name, settings);
      server.closed = once(server.child, 'close'); // a suite takes longer than the guard of a spec
      servers.push(server);
    }
    return await body(Object.fromEntries(servers.map(({ name, port }) => [name, port])));
  } finally {
    for (const server of servers) await server.remove();
  }
}
