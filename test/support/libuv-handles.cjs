'use strict';

// TCP handles that libuv itself has in this process. A report shows ours too, under an address of their own.

function libuvHandles() {
  return process.report
    .getReport()
    .libuv.filter(({ type, address }) => type === 'tcp' && !address.startsWith('iocp-net'));
}

module.exports = { libuvHandles };
