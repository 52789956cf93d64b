// What listening and connecting take, and how they fail.
export interface ListenOptions {
  host: string;
  port: number;
  /** 4 or 6; 0 for a pipe, whose name is `host`. */
  family: 4 | 6 | 0;
  backlog: number;
  ipv6Only?: boolean;
  reusePort?: boolean;
}

export interface ConnectOptions {
  host: string;
  port: number;
  family: 4 | 6 | 0;
  localHost?: string | undefined;
  localPort?: number | undefined;
}

/** A failed call: one of libuv's negative error numbers, and for connect which step it was. */
export interface PortFailure {
  status: number;
  stage: 'bind' | 'connect' | 'listen';
}

/** A property of its own: a program may have put one of that name on Object.prototype. */
export const isFailure = (result: object): result is PortFailure => Object.hasOwn(result, 'stage');
