// The package as an ECMAScript module sees it: named imports, and the same objects as require gives.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import builtin from 'node:net';
import net, { connect, createServer, isIP, Server, Socket } from 'iocp-net';
import { engine } from 'iocp-net/engine';

const required = createRequire(import.meta.url)('iocp-net');
for (const [name, value] of Object.entries({ connect, createServer, isIP, Server, Socket })) {
  assert.equal(typeof value, 'function', name);
  assert.equal(value, net[name], name);
  assert.equal(value, required[name], name);
}
assert.deepEqual(Object.keys(required).sort(), Object.keys(builtin).sort());
assert.notEqual(engine.name, 'libuv', engine.reason);
console.log(`${engine.name}: named imports agree`);
