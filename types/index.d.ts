// Not a copy: whatever type-checks against node:net does so against iocp-net.
import net = require('node:net');
export = net;
