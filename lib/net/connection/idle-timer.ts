// The idle timer of a socket, and of those that it is carried by: activity starts it anew.
import { kTimeout, type ThisSocket } from '../state.js';

export function refreshIdle(socket: ThisSocket): void {
  for (let s: ThisSocket | null | undefined = socket; s != null; s = s._parent as ThisSocket | null) {
    s[kTimeout]?.refresh();
  }
}

/** The same by the socket's own method, which a program may have replaced; for every chunk and write. */
export function noteActivity(socket: ThisSocket): void {
  if (socket[kTimeout] !== null || socket._parent != null) socket._unrefTimer();
}
