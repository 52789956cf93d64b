// The exports of node:net, carried by the port where there is one. Each is assigned by name, so that ECMAScript
// modules find them as named imports. A script, not a module: nothing but these names may be visible on the exports,
// not even `__esModule`. Its types are those of node:net itself (types/index.d.ts).
{
  type Net = typeof import('node:net') & Record<string, unknown>;
  const { builtin } = require('./net/builtin.js') as typeof import('./net/builtin.js');
  const { tryPort } = require('./net/engine-port.js') as typeof import('./net/engine-port.js');
  const node = builtin as Net;
  const ours: Partial<Net> = tryPort() === undefined ? {} : (require('./net/exports.js') as Partial<Net>);

  exports.BlockList = node.BlockList;
  exports.SocketAddress = node.SocketAddress;
  exports.isIP = node.isIP;
  exports.isIPv4 = node.isIPv4;
  exports.isIPv6 = node.isIPv6;
  exports.getDefaultAutoSelectFamily = node.getDefaultAutoSelectFamily;
  exports.setDefaultAutoSelectFamily = node.setDefaultAutoSelectFamily;
  exports.getDefaultAutoSelectFamilyAttemptTimeout = node.getDefaultAutoSelectFamilyAttemptTimeout;
  exports.setDefaultAutoSelectFamilyAttemptTimeout = node.setDefaultAutoSelectFamilyAttemptTimeout;
  exports._createServerHandle = node._createServerHandle;
  exports._normalizeArgs = node._normalizeArgs;
  // Names that only some versions of Node have.
  if ('_setSimultaneousAccepts' in node) exports._setSimultaneousAccepts = node._setSimultaneousAccepts;
  if ('BoundSocket' in node) exports.BoundSocket = node.BoundSocket;
  if ('_TransferredBoundSocket' in node) exports._TransferredBoundSocket = node._TransferredBoundSocket;

  exports.Socket = ours.Socket ?? node.Socket;
  exports.Stream = exports.Socket;
  exports.Server = ours.Server ?? node.Server;
  exports.connect = ours.connect ?? node.connect;
  exports.createConnection = exports.connect;
  exports.createServer = ours.createServer ?? node.createServer;
}
