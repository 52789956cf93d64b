/**
 * Runs what process.nextTick and promises have queued: between two completions of a batch, as Node does between two
 * callbacks of libuv. (Node exposes it under this name since 0.x; internals call it runNextTicks.)
 */
export const runTicks: () => void = (process as unknown as { _tickCallback(): void })._tickCallback;
