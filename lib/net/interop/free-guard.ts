// A connection that waits in an agent's pool must not receive: the bytes would be taken for the next answer.
import { guardsFreeSockets } from '../../node/versions.js';
import { StreamEndpoint } from '../../port/endpoint.js';
import type { Connection } from '../connection/connection.js';
import { port } from '../engine-port.js';
import { GuardSink } from '../sinks/guard-sink.js';
import { isCarried, kConnection } from '../state.js';

/** Destroys a socket of the port at the first byte that arrives, until it is called again with false. */
export function guardFree(socket: unknown, on = true): void {
  if (!guardsFreeSockets || !isCarried(socket) || socket.connecting) return;
  const connection = socket[kConnection];
  if (connection.endpoint === null) return;
  const { receiving } = connection;
  unguard(receiving);
  if (!on) return;
  receiving.replaceSink(new GuardSink(receiving.sink, socket));
  if (!connection.reading) connection.receive();
}

function unguard(connection: Connection): void {
  const { sink } = connection;
  if (sink instanceof GuardSink) connection.replaceSink(sink.under);
}

/** No agent reports any more when it takes a connection out of its pool. */
export function unguardAll(): void {
  for (const endpoint of port().endpoints()) {
    if (!(endpoint instanceof StreamEndpoint)) continue;
    const { receiving } = endpoint.owner as Partial<Connection>;
    if (receiving !== undefined) unguard(receiving);
  }
}
