'use strict';
// Bytes of a server's own making, which the load generator checks: byte n is n modulo 256.
exports.counting = (length) => Buffer.from(Uint8Array.from({ length }, (_, n) => n));
