// Idle timeouts: one structure for all sockets, since almost every one of them is refreshed and never fires.
//
// Connections with the same timeout form a list in the order of their last activity, so the first entry is always the
// next to expire and a refresh is a move to the end. Each list is driven by one unreferenced timer of Node's.
import { AsyncResource } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';

import timers = require('node:timers');

export class IdleTimer {
  readonly timeoutMs: number;
  readonly onIdle: () => void;
  activeMs = 0;
  next: IdleTimer | null = null;
  previous: IdleTimer | null = null;
  list: IdleList | null = null;

  constructor(timeoutMs: number, onIdle: () => void) {
    this.timeoutMs = timeoutMs;
    this.onIdle = onIdle;
    this.refresh();
  }

  /** There was activity: the time runs from now on, also when it had run out before. */
  refresh(): void {
    let list = this.list;
    if (list !== null) {
      list.remove(this);
    } else {
      list = listFor(this.timeoutMs);
      this.list = list;
    }
    this.activeMs = performance.now();
    list.append(this);
  }

  cancel(): void {
    this.list?.remove(this);
    this.list = null;
  }
}

class IdleList {
  private first: IdleTimer | null = null;
  private last: IdleTimer | null = null;
  private armed = false;

  constructor(private readonly timeoutMs: number) {}

  append(entry: IdleTimer): void {
    entry.previous = this.last;
    entry.next = null;
    if (this.last === null) this.first = entry;
    else this.last.next = entry;
    this.last = entry;
    if (!this.armed) this.arm(this.timeoutMs);
  }

  remove(entry: IdleTimer): void {
    if (entry.previous !== null) entry.previous.next = entry.next;
    else if (this.first === entry) this.first = entry.next;
    else return; // has fired
    if (entry.next !== null) entry.next.previous = entry.previous;
    else this.last = entry.previous;
    entry.previous = null;
    entry.next = null;
  }

  private arm(delayMs: number): void {
    this.armed = true;
    // In no socket's async context: the timer belongs to all of them.
    root.runInAsyncScope(() =>
      timers.setTimeout(() => this.expire(), Math.max(1, Math.ceil(delayMs))).unref(),
    );
  }

  /** Armed all the while: a handler whose socket is active again must not start a second timer. */
  private expire(): void {
    const nowMs = performance.now();
    try {
      for (let entry = this.first; entry !== null; entry = this.first) {
        if (entry.activeMs + this.timeoutMs > nowMs) break;
        this.remove(entry);
        entry.list = null;
        entry.onIdle();
      }
    } finally {
      // Also when a handler has thrown, which must not silence the others.
      if (this.first !== null) {
        this.arm(this.first.activeMs + this.timeoutMs - performance.now());
      } else {
        this.armed = false;
        lists.delete(this.timeoutMs);
      }
    }
  }
}

const root = new AsyncResource('iocp-net.idle');
const lists = new Map<number, IdleList>();

function listFor(timeoutMs: number): IdleList {
  let list = lists.get(timeoutMs);
  if (list === undefined) {
    list = new IdleList(timeoutMs);
    lists.set(timeoutMs, list);
  }
  return list;
}
