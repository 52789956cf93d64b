// The name of a Unix socket or named pipe, as the running Node hands it to the system.
import { Buffer } from 'node:buffer';
import { port } from '../engine-port.js';

const nodeMajor = Number.parseInt(process.versions.node, 10);
// libuv has cut off what does not fit, until Node 24 made that an error (libuv#4231).
const cutsNames = nodeMajor < 24;
// A path ends at a NUL inside; since Node 22 that is an error, which the port reports.
const endsAtNul = nodeMajor < 22;

export function pipeName(name: string): string {
  const { pipeNameBytesMax } = port();
  const nul = name.indexOf('\0');
  if (endsAtNul && nul > 0) return pipeName(name.slice(0, nul));
  if (!cutsNames || Buffer.byteLength(name) <= pipeNameBytesMax) return name;
  return Buffer.from(name).toString('utf8', 0, pipeNameBytesMax);
}
