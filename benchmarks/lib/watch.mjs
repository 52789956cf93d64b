// What else the machine did during a measurement: time that the hypervisor took away, and other processes' work.
import fs from 'node:fs';

const TICK_US = 10_000; // of /proc/stat: always 100 in a second

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. */
export function parseProcessors(text) {
  const ticks = /^cpu +(.*)$/m.exec(text)[1].split(' ').map(Number);
  const [user, nice, system, , , irq = 0, softirq = 0, steal = 0] = ticks;
  return { busyUs: (user + nice + system + irq + softirq) * TICK_US, stolenUs: steal * TICK_US };
}

/** @returns {{busyUs: number, stolenUs: number} | undefined} nothing where the system does not say */
export function readProcessors() {
  return process.platform === 'linux' ? parseProcessors(fs.readFileSync('/proc/stat', 'utf8')) : undefined;
}

/**
 * As shares of one processor's time.
 * @param {number} ownUs  what the processes of this measurement worked meanwhile
 */
export function disturbance(before, after, ownUs, elapsedUs) {
  if (before === undefined) return {};
  return {
    stolenShare: (after.stolenUs - before.stolenUs) / elapsedUs,
    foreignShare: Math.max(0, after.busyUs - before.busyUs - ownUs) / elapsedUs,
  };
}
