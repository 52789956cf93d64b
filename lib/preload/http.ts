// http's clients over the port. Its servers need nothing: they listen as every server does.

import { guardFree, unguardAll } from '../net/interop/free-guard.js';
import { builtin } from '../node/builtin.js';
import { like, type Replacements } from './replacements.js';

type Connect = (...args: unknown[]) => unknown;
interface AgentPrototype {
  createConnection: Connect;
  keepSocketAlive(socket: unknown): boolean;
  reuseSocket(socket: unknown, request: unknown): void;
}

export function installHttp(replacements: Replacements, connect: Connect): void {
  const http = require('node:http') as typeof import('node:http');
  const prototype = http.Agent.prototype as unknown as AgentPrototype;
  // Up to Node 20 the agent has kept net.createConnection as it was when http was loaded.
  if (prototype.createConnection === (builtin.createConnection as unknown)) {
    replacements.value(prototype, 'createConnection', connect);
  }
  const { keepSocketAlive, reuseSocket } = prototype;
  replacements.undo(unguardAll);
  replacements.value(
    prototype,
    'keepSocketAlive',
    like(keepSocketAlive, function (this: unknown, socket: unknown) {
      const keeps = keepSocketAlive.call(this as AgentPrototype, socket);
      if (keeps) guardFree(socket);
      return keeps;
    }),
  );
  replacements.value(
    prototype,
    'reuseSocket',
    like(reuseSocket, function (this: unknown, socket: unknown, request: unknown) {
      guardFree(socket, false);
      reuseSocket.call(this as AgentPrototype, socket, request);
    }),
  );
}
