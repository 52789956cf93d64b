// install() and uninstall() from an ECMAScript module, and what is left of them afterwards.

import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { createRequire } from 'node:module';
import * as ns from 'node:net';
import net, { connect, Socket } from 'node:net';
import tls from 'node:tls';
import ours from 'iocp-net';
import { engine } from 'iocp-net/engine';
import { install, uninstall } from 'iocp-net/install';

const require = createRequire(import.meta.url);
const modules = { net, tls, http, https, http2 };
const objects = {
  ...modules,
  serverPrototype: net.Server.prototype,
  socketPrototype: net.Socket.prototype,
  tlsSocketPrototype: tls.TLSSocket.prototype,
  agentPrototype: http.Agent.prototype,
  httpsAgentPrototype: https.Agent.prototype,
};
const descriptors = () =>
  Object.fromEntries(
    Object.entries(objects).map(([name, object]) => [name, Object.getOwnPropertyDescriptors(object)]),
  );
const changes = (before, after) =>
  Object.keys(before).flatMap((name) =>
    Reflect.ownKeys({ ...before[name], ...after[name] })
      .filter((key) =>
        ['value', 'get', 'set', 'writable', 'enumerable', 'configurable'].some(
          (field) => before[name][key]?.[field] !== after[name][key]?.[field],
        ),
      )
      .map((key) => `${name}.${String(key)}`),
  );
const named = () => ({ connect, Socket, star: ns.Server });

async function exchange() {
  const before = engine.counters;
  const server = http.createServer((request, response) => response.end('x')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  const status = await new Promise((resolve, reject) =>
    http
      .get({ port, host: '127.0.0.1', agent: false }, (response) => resolve(response.resume().statusCode))
      .on('error', reject),
  );
  await new Promise((resolve) => server.close(resolve));
  const { acceptedEndpoints, connectedEndpoints } = engine.counters;
  return [
    status,
    acceptedEndpoints - before.acceptedEndpoints,
    connectedEndpoints - before.connectedEndpoints,
  ];
}

const first = descriptors();
const firstNamed = named();
install();
install();
const result = {
  named: [
    connect === ours.connect,
    Socket === ours.Socket,
    ns.Server === ours.Server,
    require('node:net').connect === connect,
  ],
  changed: changes(first, descriptors()).length > 0,
  installed: await exchange(),
};
uninstall();
uninstall();
result.left = changes(first, descriptors());
result.namedAgain = Object.entries(named()).every(([key, value]) => value === firstNamed[key]);
result.uninstalled = await exchange();
install();
result.again = await exchange();
console.log(JSON.stringify(result));
