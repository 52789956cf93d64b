// Node's permission model: without --allow-net nothing listens or connects. The errors are node:net's own.
import { probeConnect } from './connect-probe.js';

interface Permission {
  has(scope: string): boolean;
}

const { permission } = process as unknown as { permission?: Permission };
// Up to Node 24 the model knows no network: has('net') is false there, and nothing is restricted.
const restrictsNet = permission !== undefined && process.allowedNodeEnvironmentFlags.has('--allow-net');

/** Asked each time: a program may drop what it was allowed. */
export function mayUseNet(): boolean {
  return !restrictsNet || (permission as Permission).has('net');
}

export interface DeniedTarget {
  host: string;
  port: number;
  /** 4 or 6; 0 for a pipe, whose name is `host`. */
  family: 4 | 6 | 0;
  localHost?: string | undefined;
  localPort?: number | undefined;
}

/**
 * The error with which node:net refuses an attempt to connect; it throws where node:net throws. Null when node:net has
 * nothing against it.
 */
export function denial({ host, port, family, localHost, localPort }: DeniedTarget): Error | null {
  if (mayUseNet()) return null;
  // A name and a lookup that answers at once: the attempt is then made inside of the call.
  const lookup = (_host: string, _options: unknown, found: (...args: unknown[]) => void) =>
    found(null, host, family);
  return probeConnect(
    (family === 0
      ? { path: host }
      : {
          host: 'name',
          port,
          lookup,
          autoSelectFamily: false,
          localAddress: localHost,
          localPort,
        }) as never,
  );
}
