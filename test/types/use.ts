// What a program may write against the package, in every TypeScript that is tested.

import * as http from 'node:http';
import * as builtin from 'node:net';
import * as net from 'iocp-net';
import { type Counters, type Engine, engine } from 'iocp-net/engine';
import { Agent, attach } from 'iocp-net/http';
import { install, type uninstall } from 'iocp-net/install';

// The types are node:net's own, in both directions.
const server: builtin.Server = net.createServer((socket: builtin.Socket) => socket.end());
const socket: net.Socket = builtin.connect(1);
const options: net.NetConnectOpts = { port: 1, host: 'localhost' };
const made: builtin.Socket = net.connect(options).setNoDelay(true);
class Mine extends net.Socket {}

const known: Engine = engine;
const name: 'iocp' | 'epoll' | 'libuv' = known.name;
const reason: string | undefined = engine.reason;
const counters: Counters = engine.counters;
const bytes: number = counters.bytesReceived;

// What was given comes back, with its own type.
const web: http.Server = attach(http.createServer()).setTimeout(1);
const agent: http.Agent = new Agent({ keepAlive: true });
const nothing: ReturnType<typeof uninstall> = install();

// @ts-expect-error: there is no such engine
const other: 'io_uring' = engine.name;
// @ts-expect-error: counters are read
engine.counters = counters;
// @ts-expect-error: only servers can be attached
attach({});

export { agent, bytes, Mine, made, name, nothing, other, reason, server, socket, web };
