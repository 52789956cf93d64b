'use strict';

const ATTEMPTS = 3;

/**
 * Starts a process: `start` is a call of spawn or fork. Under load Wine 8 was seen to fail to create one (UNKNOWN), rarely;
 * nothing of it has run then, so it is asked again, and says so.
 */
function startProcess(start) {
  for (let attempt = 1; ; attempt++) {
    try {
      return start();
    } catch (error) {
      if (process.platform !== 'win32' || error.code !== 'UNKNOWN' || attempt === ATTEMPTS) throw error;
      console.error(`${error.message}: asked again`);
    }
  }
}

module.exports = { startProcess };
