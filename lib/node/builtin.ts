// node:net as it was before anything replaced it. Whatever the port does not carry goes there.
import net = require('node:net');

/** The running Node's own exports, copied so that a replaced module does not lead back to us. */
export const builtin: typeof net = { ...net };

export type SocketPrototype = net.Socket & Record<string | symbol, unknown>;
export type ServerPrototype = net.Server & Record<string | symbol, unknown>;

/**
 * Lets node:net judge an argument: it throws the error of the running version, worded as that version words it.
 * Returns when it finds nothing wrong.
 */
export function judge(check: (original: typeof net) => unknown): void {
  check(builtin);
}
