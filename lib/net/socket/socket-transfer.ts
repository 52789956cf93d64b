// Sockets that move to another thread.

import { builtin } from '../../node/builtin.js';
import { debug } from '../../node/debug.js';
import type { StreamEndpoint } from '../../port/endpoint.js';
import { port } from '../engine-port.js';
import { adoptHandle, type LibuvHandle } from '../interop/libuv-handles.js';
import { leavePort } from '../interop/move-to-libuv.js';
import {
  type Call,
  descriptorsOf,
  kAborted,
  keepStandIn,
  type Methods,
  markTransferable,
  type Symbols,
  standIns,
  symbols,
  theirSocket,
} from '../interop/thread-transfer.js';
import { kConnection, type ThisSocket } from '../state.js';

type Carry = (socket: ThisSocket, endpoint: StreamEndpoint, options: object) => void;

/** As node:net has it: a TCP connection of which nothing has been read or written. */
function isUntouched(socket: ThisSocket): boolean {
  const endpoint = socket[kConnection]?.endpoint;
  return (
    endpoint != null &&
    !endpoint.pipe &&
    !socket.destroyed &&
    !socket.connecting &&
    socket.bytesRead === 0 &&
    socket.bytesWritten === 0 &&
    socket.readableLength === 0 &&
    socket.writableLength === 0 &&
    socket.readableEncoding == null &&
    !port().hasReceived(endpoint)
  );
}

/** A socket of node:net's over a duplicate of the descriptor; one without a handle where it cannot move. */
function standInFor(socket: ThisSocket): object {
  const descriptor = isUntouched(socket) ? (socket[kConnection].endpoint?.duplicate() ?? -1) : -1;
  if (descriptor < 0) return new builtin.Socket();
  const { allowHalfOpen } = socket;
  const standIn = new builtin.Socket({ fd: descriptor, allowHalfOpen, manualStart: true } as never);
  keepStandIn(socket, standIn, () => standIn.destroy());
  return standIn;
}

function socketMethods({ list, transfer, deserialize }: Symbols, carry: Carry): Methods {
  return {
    [list](this: ThisSocket): unknown {
      const standIn = this[kConnection] === undefined ? this : standInFor(this);
      return (theirSocket[list] as Call).call(standIn);
    },

    [transfer](this: ThisSocket): unknown {
      const standIn = standIns.get(this)?.standIn;
      if (standIn === undefined) return (theirSocket[transfer] as Call).call(this);
      // The message was read in between, by getters too: what they did to the socket counts.
      if (!isUntouched(this)) return (theirSocket[transfer] as Call).call(new builtin.Socket());
      standIns.delete(this);
      const message = (theirSocket[transfer] as Call).call(standIn);
      debug('a socket moves to another thread');
      const connection = this[kConnection];
      connection.handle?.leave();
      connection.letGo();
      connection.noteReading(false);
      this.destroy();
      return message;
    },

    [deserialize](this: ThisSocket, data: unknown): unknown {
      const { handle, allowHalfOpen } = (data ?? {}) as { handle?: LibuvHandle; allowHalfOpen?: boolean };
      const endpoint = handle && adoptHandle(handle);
      if (endpoint === undefined) {
        // The socket, which nobody has seen yet, becomes node:net's.
        this.removeAllListeners('end');
        leavePort(this);
        (builtin.Socket as unknown as Call).call(this);
        return (theirSocket[deserialize] as Call).call(this, data);
      }
      this.allowHalfOpen = Boolean(allowHalfOpen);
      carry(this, endpoint, { manualStart: true });
      Object.assign(this, { readable: true, writable: true });
      return undefined;
    },
  };
}

/** What a prototype of sockets gets; `carry` starts a socket whose connection stands. */
export function socketTransferMethods(carry: Carry): PropertyDescriptorMap {
  if (symbols === undefined || markTransferable === undefined) return {};
  const methods = descriptorsOf(socketMethods(symbols, carry), theirSocket);
  // Needed by the first of the markers alone.
  if (kAborted !== undefined) methods[kAborted] = { value: false, configurable: true };
  return methods;
}
