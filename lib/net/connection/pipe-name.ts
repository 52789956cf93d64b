// The name of a Unix socket or named pipe, as the running Node hands it to the system.
import { Buffer } from 'node:buffer';
import { cutsLongPaths, pathEndsAtNul } from '../../node/versions.js';
import { port } from '../engine-port.js';

export function pipeName(name: string): string {
  const { pipeNameBytesMax } = port();
  const nul = name.indexOf('\0');
  if (pathEndsAtNul && nul > 0) return pipeName(name.slice(0, nul));
  if (!cutsLongPaths || Buffer.byteLength(name) <= pipeNameBytesMax) return name;
  return Buffer.from(name).toString('utf8', 0, pipeNameBytesMax);
}
