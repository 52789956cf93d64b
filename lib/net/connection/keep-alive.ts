// What node:net gives to libuv for a keep-alive, and what libuv makes of it.
const INTERVAL_SECONDS = 1;
const PROBES = 10;
const INT_MAX = 2 ** 31 - 1;

/** A number that C++ takes for an unsigned one; anything else, a negative one too, stands for the usual value. */
function unsigned(value: unknown, usual: number): number {
  return Number.isInteger(value) && (value as number) >>> 0 === value
    ? Math.min(value as number, INT_MAX)
    : usual;
}

interface KeepAliveHandle {
  setKeepAlive(on: boolean, idleSeconds: number, intervalSeconds: number, count: number): number;
}

/** With an interval or a count of 0 keep-alive is on, and the system's own times stay. */
export function setKeepAlive(
  handle: KeepAliveHandle,
  on: boolean,
  idleSeconds: number,
  interval?: unknown,
  count?: unknown,
): number {
  const intervalSeconds = unsigned(interval, INTERVAL_SECONDS);
  const probes = unsigned(count, PROBES);
  const times = intervalSeconds > 0 && probes > 0;
  return handle.setKeepAlive(on, times ? idleSeconds : 0, intervalSeconds, probes);
}
