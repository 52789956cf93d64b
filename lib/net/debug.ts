// NODE_DEBUG=iocp-net: what carries each server and socket, and why.
import util = require('node:util');

export const debug = util.debuglog('iocp-net');
