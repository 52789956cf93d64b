// Connections on their way from a cluster's primary to a worker. node:net closes its end when the worker has answered;
// should the worker die instead, nobody does, and the client waits for ever. So the port keeps track of them.
import { debug } from '../../node/debug.js';
import type { LibuvHandle } from './libuv-handles.js';

interface ClusterMessage {
  cmd?: string;
  act?: string;
  seq?: number;
  ack?: number;
}

interface Worker extends NodeJS.EventEmitter {
  once(event: 'exit', listener: () => void): this;
}

const underWay = new WeakMap<object, Map<number, LibuvHandle>>();

/** Called with what a primary sends to a child. */
export function noteHandedOver(child: Worker, message: unknown, handle: unknown): void {
  const { cmd, act, seq } = message as ClusterMessage;
  if (cmd !== 'NODE_CLUSTER' || act !== 'newconn' || typeof seq !== 'number') return;
  let handles = underWay.get(child);
  if (handles === undefined) {
    handles = new Map();
    underWay.set(child, handles);
    child.once('exit', () => closeUnanswered(child));
  }
  handles.set(seq, handle as LibuvHandle);
}

/** Called with the internal messages of a child: an answer settles what becomes of the connection. */
export function noteAnswered(child: object, message: unknown): void {
  const { ack } = message as ClusterMessage;
  if (typeof ack === 'number') underWay.get(child)?.delete(ack);
}

/** Closes the connections that a dead worker held. It may have read from them, so no other worker can take them over. */
function closeUnanswered(child: object): void {
  const handles = underWay.get(child);
  underWay.delete(child);
  for (const handle of handles?.values() ?? []) {
    debug('a worker died before it answered for a connection');
    handle.close();
  }
}
