// Servers that move to another thread.

import { debug } from '../../node/debug.js';
import { define } from '../../node/define.js';
import { noteReceived } from '../interop/libuv-handles.js';
import {
  type Call,
  descriptorsOf,
  keepStandIn,
  type Methods,
  type Symbols,
  standIns,
  symbols,
  theirServer,
} from '../interop/thread-transfer.js';
import type { ServerState } from './accept.js';
import { ListenerHandle } from './listener-handle.js';

function serverMethods({ list, transfer, deserialize }: Symbols): Methods {
  return {
    [list](this: ServerState): unknown {
      const { _handle: listener } = this;
      const loan =
        listener instanceof ListenerHandle && 'getsockname' in listener ? listener.toSend() : undefined;
      if (loan === undefined) return (theirServer[list] as Call).call(this);
      const standIn = Object.create(this) as object;
      define(standIn, '_handle', { value: loan.handle, writable: true });
      keepStandIn(this, standIn, () => {
        if (loan.lent) loan.handle.close();
      });
      return (theirServer[list] as Call).call(standIn);
    },

    [transfer](this: ServerState): unknown {
      const standIn = standIns.get(this)?.standIn;
      const { _handle: listener } = this;
      if (standIn === undefined || !(listener instanceof ListenerHandle)) {
        return (theirServer[transfer] as Call).call(this);
      }
      standIns.delete(this);
      const message = (theirServer[transfer] as Call).call(standIn);
      debug('a server moves to another thread');
      listener.leave();
      this._handle = null;
      return message;
    },

    [deserialize](this: ServerState, data: unknown): unknown {
      const { handle } = (data ?? {}) as { handle?: object };
      if (handle) noteReceived(handle);
      return (theirServer[deserialize] as Call).call(this, data);
    },
  };
}

/** What a prototype of servers gets. */
export const serverTransferMethods: PropertyDescriptorMap =
  symbols === undefined ? {} : descriptorsOf(serverMethods(symbols), theirServer);
