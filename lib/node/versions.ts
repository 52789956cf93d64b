// What differs between the versions of Node that the package runs on, under the name of the behaviour.
import { builtin } from './builtin.js';

const major = Number.parseInt(process.versions.node, 10);

/** An idle agent's socket that receives bytes is destroyed: they belong to no request. */
export const guardsFreeSockets = major >= 22;

/** A maxConnections of 0 lets nobody in; before, it meant no limit. */
export const zeroConnectionsIsALimit = major >= 22;

/** 'net.client.socket' is published in net.connect(); later in Socket.prototype.connect. */
export const publishesInCreateConnection = major < 22;

/** A socket that was never connected does not finish. */
export const finalWaitsForConnect = major < 22;

/** The callback of a write whose socket was destroyed first gets an error. */
export const canceledWriteFails = major >= 22;

/** The option blockList of servers and sockets. */
export const hasBlockList = major >= 22;

/** A path ends at a NUL inside; later that is an error. */
export const pathEndsAtNul = major < 22;

/** A path that is too long is cut off; later that is an error (libuv#4231). */
export const cutsLongPaths = major < 24;

/** The `_onTimeout` that the socket has when its timer fires is called; before, the one that it had when the timer was set. */
export const looksUpOnTimeout = major >= 24;

/** setTypeOfService(), and the further options of keep-alive. */
export const hasTypeOfService = 'setTypeOfService' in builtin.Socket.prototype;
