// The same from an ECMAScript module, with the names as node:net gives them.
import net, { connect, createServer, isIP, type Socket } from 'iocp-net';
import { engine } from 'iocp-net/engine';
import 'iocp-net/register';

const family: number = isIP('127.0.0.1');
const socket: Socket = connect(1);
export const all = [net.createServer === createServer, engine.name, family, socket];
