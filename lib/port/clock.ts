// Time and timers for the package's own needs, taken when it loads: a program that fakes timers fakes its own.
import { performance } from 'node:perf_hooks';

import timers = require('node:timers');

export const { setTimeout, clearTimeout, setImmediate } = timers;

const { now } = performance;

/** Milliseconds of a clock that only goes forward. */
export const nowMs = (): number => now.call(performance);
