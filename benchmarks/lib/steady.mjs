// When a server is warm: its CPU time per message, window by window, has stopped falling.

/** A window has to be better than all earlier ones by more than this to count as progress. */
const PROGRESS_SHARE = 0.02;

/**
 * Minima are compared, since what disturbs a window only ever makes it slower.
 * @param {number[]} cpuUs      for each message, window by window
 * @param {number} windowsMin   as many windows without progress, after as many at least
 */
export function isSteady(cpuUs, windowsMin) {
  if (cpuUs.length < 2 * windowsMin) return false;
  const best = (windows) => Math.min(...windows);
  return best(cpuUs.slice(-windowsMin)) >= best(cpuUs.slice(0, -windowsMin)) * (1 - PROGRESS_SHARE);
}

/**
 * @param {object} options
 * @param {() => Promise<number | undefined>} options.window  CPU time per message of the next one; none: undefined
 * @param {number} options.windowsMin
 * @param {number} options.windowsMax   at most that many, steady or not
 * @param {() => boolean} [options.isStopped]
 * @returns {Promise<{windows: number, firstUs?: number, lastUs?: number, steady: boolean}>}
 */
export async function warmUp({ window, windowsMin, windowsMax, isStopped = () => false }) {
  const cpuUs = [];
  let windows = 0;
  let steady = false;
  while (!steady && windows < windowsMax && !isStopped()) {
    const figure = await window();
    windows++;
    if (figure !== undefined) cpuUs.push(figure);
    steady = isSteady(cpuUs, windowsMin);
  }
  return { windows, firstUs: cpuUs[0], lastUs: cpuUs.at(-1), steady };
}
