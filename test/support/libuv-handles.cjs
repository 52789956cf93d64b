'use strict';

// TCP handles that libuv itself has in this process. A report shows ours too, under an address of their own.

function libuvHandles() {
  return process.report
    .getReport()
    .libuv.filter(({ type, address }) => type === 'tcp' && !address.startsWith('iocp-net'));
}

/**
 * The same for those that are active, without a report: on Windows a report looks up the names of all functions on the
 * stack, which under Wine takes seconds, and a connection that is kept alive is closed meanwhile.
 */
function activeLibuvHandles() {
  return process
    ._getActiveHandles()
    .filter(({ _handle }) => _handle?.isStreamBase === true && _handle.constructor.name === 'TCP');
}

module.exports = { libuvHandles, activeLibuvHandles };
