// The exports of node:net, carried by the port where there is one; else node:net itself. A script, not a module: nothing
// but these names may be visible on the exports, not even `__esModule`. Its types are those of node:net itself
// (types/index.d.ts).
{
  const { facade } = require('./shared.js') as typeof import('./shared.js');
  const shared = facade();
  // Nothing of node:net is read without an engine: its BlockList, loaded when it is read, fits into no startup snapshot.
  const net = (shared?.net ?? {}) as Record<string, unknown>;
  // For good, where a program requires the package itself; register and install() take it away again.
  shared?.showActiveHandles();
  // Each by name: that is how ECMAScript modules find named imports.
  exports.BlockList = net.BlockList;
  exports.SocketAddress = net.SocketAddress;
  exports.isIP = net.isIP;
  exports.isIPv4 = net.isIPv4;
  exports.isIPv6 = net.isIPv6;
  exports.getDefaultAutoSelectFamily = net.getDefaultAutoSelectFamily;
  exports.setDefaultAutoSelectFamily = net.setDefaultAutoSelectFamily;
  exports.getDefaultAutoSelectFamilyAttemptTimeout = net.getDefaultAutoSelectFamilyAttemptTimeout;
  exports.setDefaultAutoSelectFamilyAttemptTimeout = net.setDefaultAutoSelectFamilyAttemptTimeout;
  exports._createServerHandle = net._createServerHandle;
  exports._normalizeArgs = net._normalizeArgs;
  exports._setSimultaneousAccepts = net._setSimultaneousAccepts;
  exports.BoundSocket = net.BoundSocket;
  exports._TransferredBoundSocket = net._TransferredBoundSocket;
  exports.Socket = net.Socket;
  exports.Stream = net.Stream;
  exports.Server = net.Server;
  exports.connect = net.connect;
  exports.createConnection = net.createConnection;
  exports.createServer = net.createServer;
  // And one object for all copies: who replaces an export, as install() does, replaces it for everybody.
  // Not by assignment: a static look for names (Deno's) then takes those above for overwritten.
  Reflect.set(module, 'exports', shared?.net ?? require('node:net'));
}
