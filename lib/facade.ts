// What an engine's copy of the package gives to the other copies in its environment. It loads all files that belong
// together: a program that empties require.cache later must not get a second instance of one of them.
import type net from 'node:net';
import { port } from './net/engine-port.js';
import * as ours from './net/exports.js';
import { showActiveHandles } from './net/interop/active-handles.js';
import { guardFree } from './net/interop/free-guard.js';
import { listen2 } from './net/server/server.js';
import { builtin } from './node/builtin.js';
import { Installation } from './preload/installation.js';

type Net = typeof net & Record<string, unknown>;

export interface Facade {
  /** The exports of node:net, carried by the port. */
  readonly net: Net;
  readonly listen2: typeof listen2;
  readonly guardFree: typeof guardFree;
  readonly installation: Installation;
  readonly showActiveHandles: typeof showActiveHandles;
  readonly engine: ReturnType<typeof port>;
}

function exportsOfNet(): Net {
  const node = builtin as Net;
  const all = {
    BlockList: node.BlockList,
    SocketAddress: node.SocketAddress,
    isIP: node.isIP,
    isIPv4: node.isIPv4,
    isIPv6: node.isIPv6,
    getDefaultAutoSelectFamily: node.getDefaultAutoSelectFamily,
    setDefaultAutoSelectFamily: node.setDefaultAutoSelectFamily,
    getDefaultAutoSelectFamilyAttemptTimeout: node.getDefaultAutoSelectFamilyAttemptTimeout,
    setDefaultAutoSelectFamilyAttemptTimeout: node.setDefaultAutoSelectFamilyAttemptTimeout,
    _createServerHandle: node._createServerHandle,
    _normalizeArgs: node._normalizeArgs,
    Socket: ours.Socket,
    Stream: ours.Socket,
    Server: ours.Server,
    connect: ours.connect,
    createConnection: ours.connect,
    createServer: ours.createServer,
  } as unknown as Net;
  // Names that only some versions of Node have.
  for (const name of ['_setSimultaneousAccepts', 'BoundSocket', '_TransferredBoundSocket']) {
    if (Object.hasOwn(node, name)) all[name] = node[name];
  }
  return all;
}

const exported = exportsOfNet();

export const facade: Facade = {
  net: exported,
  listen2,
  guardFree,
  installation: new Installation(exported),
  showActiveHandles,
  engine: port(),
};
