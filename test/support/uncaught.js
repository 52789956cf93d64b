'use strict';

/** Runs `work`; what is thrown meanwhile, and nobody catches, is no failure of the spec: `listener` gets it. */
async function withUncaught(listener, work) {
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', listener);
  try {
    return await work();
  } finally {
    process.off('uncaughtException', listener);
    for (const one of before) process.on('uncaughtException', one);
  }
}

module.exports = { withUncaught };
