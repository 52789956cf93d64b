// Socket options and the idle timeout, before and after there is a connection.

import { builtin, judge } from '../../node/builtin.js';
import { errnoException, statusOf } from '../../node/errors.js';
import { hasTypeOfService, looksUpOnTimeout } from '../../node/versions.js';
import { clearTimeout, setTimeout } from '../../port/clock.js';
import { keepAlive } from '../connect/attempt.js';
import type { TCP } from '../connection/socket-handle.js';
import { kConnection, kTimeout, type ThisSocket } from '../state.js';

export type Method = (this: ThisSocket, ...args: never[]) => unknown;

const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const onTimeout = (socket: ThisSocket) => socket._onTimeout();
const isWindows = process.platform === 'win32';
const EBADF = statusOf('EBADF');
/** Of a connection's field these are the system's (ip(7)). */
const ECN_BITS = 3;

export const optionMethods: Record<string, Method> = {
  setTimeout(this: ThisSocket, timeoutMs: number, callback?: () => void): unknown {
    if (this.destroyed) return this;
    this.timeout = timeoutMs;
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
      timeoutMs = judgedTimeout(timeoutMs);
    }
    clearTimeout(this[kTimeout] as NodeJS.Timeout);
    this[kTimeout] = null;
    if (timeoutMs !== 0) {
      const call = looksUpOnTimeout ? onTimeout : this._onTimeout.bind(this);
      this[kTimeout] = setTimeout(call, timeoutMs, this).unref();
    }
    if (callback === undefined) return this;
    // The timer goes on all the same.
    if (typeof callback !== 'function') judge((node) => new node.Socket().setTimeout(0, callback));
    if (timeoutMs === 0) this.removeListener('timeout', callback);
    else this.once('timeout', callback);
    return this;
  },

  setNoDelay(this: ThisSocket, enable?: boolean): unknown {
    const on = Boolean(enable === undefined ? true : enable);
    const { wanted: options } = this[kConnection];
    const handle = this[kConnection].handle as TCP | null;
    const changed = on !== options.noDelay;
    options.noDelay = on;
    if (changed && handle?.setNoDelay) handle.setNoDelay(on);
    return this;
  },

  setKeepAlive(
    this: ThisSocket,
    enable?: boolean | { enable?: boolean; initialDelay?: number; interval?: number; count?: number },
    initialDelayMs?: number,
    intervalMs?: number,
    count?: number,
  ): unknown {
    if (hasTypeOfService && enable !== null && typeof enable === 'object') {
      ({ initialDelay: initialDelayMs, interval: intervalMs, count } = enable);
      enable = enable.enable;
    }
    const on = Boolean(enable);
    const idleSeconds = ~~((initialDelayMs as number) / 1000);
    const intervalSeconds = !hasTypeOfService || intervalMs === undefined ? undefined : ~~(intervalMs / 1000);
    const probes = hasTypeOfService ? count : undefined;
    const { wanted: options } = this[kConnection];
    const changed =
      on !== options.keepAlive ||
      (on &&
        (idleSeconds !== options.keepAliveIdleSeconds ||
          intervalSeconds !== options.keepAliveIntervalSeconds ||
          probes !== options.keepAliveCount));
    options.keepAlive = on;
    options.keepAliveIdleSeconds = idleSeconds;
    options.keepAliveIntervalSeconds = intervalSeconds;
    options.keepAliveCount = probes;
    const handle = this[kConnection].handle as TCP | null;
    if (changed && handle !== null) keepAlive(handle, options);
    return this;
  },
};

/** What node:net makes of a timeout that is no plain number of milliseconds: it throws, or warns and caps it. */
function judgedTimeout(timeoutMs: number): number {
  const probe = new builtin.Socket();
  try {
    probe.setTimeout(timeoutMs);
  } finally {
    probe.destroy();
  }
  return MAX_TIMEOUT_MS;
}

if (hasTypeOfService) {
  optionMethods.setTypeOfService = function (this: ThisSocket, value: number): unknown {
    judge((node) =>
      (new node.Socket() as unknown as { setTypeOfService(v: number): void }).setTypeOfService(value),
    );
    const { wanted: options } = this[kConnection];
    const handle = this[kConnection].handle as (TCP & { setTypeOfService?(value: number): number }) | null;
    const changed = value !== options.typeOfService;
    options.typeOfService = value;
    if (changed && handle?.setTypeOfService) {
      const status = handle.setTypeOfService(value);
      // Windows restricts the field: best effort there, as in node:net.
      if (status !== 0 && !isWindows) throw errnoException(status, 'setTypeOfService');
    }
    return this;
  };
  optionMethods.getTypeOfService = function (this: ThisSocket): number {
    const { handle, endpoint, options } = this[kConnection];
    const value = options?.typeOfService ?? 0;
    if (handle === null) return value;
    if (endpoint === null) throw errnoException(EBADF, 'getTypeOfService');
    return isWindows ? value : value & ~ECN_BITS;
  };
}
