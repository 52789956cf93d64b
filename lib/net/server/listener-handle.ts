// What net.Server takes for its `_handle` while it listens on the port.
import { AsyncResource, asyncWrapProviders } from 'node:async_hooks';

import fs = require('node:fs');
import util = require('node:util');

import { debug } from '../../node/debug.js';
import { kOwner } from '../../node/symbols.js';
import type { StreamEndpoint } from '../../port/endpoint.js';
import type { ListenerOwner, ListeningEndpoint } from '../../port/listening-endpoint.js';
import { isFailure, type ListenOptions } from '../../port/opening.js';
import { reportIn } from '../async-context.js';
import { handleFor } from '../connection/socket-handle.js';
import { port } from '../engine-port.js';
import {
  createServerHandle,
  handleOf,
  type LibuvHandle,
  type OnConnection,
} from '../interop/libuv-handles.js';
import { accept, type ServerState } from './accept.js';

const debugNet = util.debuglog('net');
// The mode of fchmod (uv_poll_event).
const PIPE_READABLE = 1;
const PIPE_WRITABLE = 2;
// Bits of the `flags` that net.Server hands down (libuv's uv_tcp_flags).
export const TCP_IPV6ONLY = 1;
export const TCP_REUSEPORT = 2;
// Up to libuv 1.50 the mode was added to what the umask had left, since then it is set.
const [uvMajor = 0, uvMinor = 0] = process.versions.uv.split('.').map(Number);
const addsToMode = uvMajor === 1 && uvMinor <= 50;

/** Receives what a listening endpoint reports, for its server. */
export class Acceptor implements ListenerOwner {
  onGone: (() => void) | undefined;
  /** The async resource that connections come in; their own trigger id is its id. */
  context: AsyncResource | undefined;

  constructor(private server: ServerState) {}

  serve(server: ServerState): void {
    this.server = server;
  }

  get owner(): ServerState {
    return this.server;
  }

  onAccepted(endpoint: StreamEndpoint): void {
    const context = this.context as AsyncResource;
    const handle = handleFor(endpoint, context.asyncId());
    reportIn(context, accept, this.server, endpoint, handle);
  }

  onAcceptFailed(status: number): void {
    // node:net emits nothing either: the server lives on, and the port tries again.
    debugNet('accept failed with %d; trying again soon', status);
  }

  onClosed(): void {
    const context = this.context as AsyncResource;
    context.runInAsyncScope(() => {
      try {
        this.onGone?.();
      } finally {
        context.emitDestroy();
      }
    });
  }
}

type Opened = [
  acceptor: Acceptor,
  endpoint: ListeningEndpoint | null,
  status: number,
  bound: ListenOptions | null,
  backlog: number,
];

/**
 * A listener of the port. It moves to libuv when a program replaces node:net's `onconnection`, which is called with
 * libuv's handles. A cluster's primary does so, to hand connections to its workers.
 */
export class ListenerHandle extends AsyncResource {
  private libuv: LibuvHandle | null = null;
  private handler: OnConnection | undefined;
  private closing = false;

  protected constructor(
    private readonly provider: string,
    private readonly acceptor: Acceptor,
    private endpoint: ListeningEndpoint | null,
    private readonly status: number,
    private readonly bound: ListenOptions | null,
    private readonly backlog: number,
  ) {
    super(provider);
    acceptor.context = this;
  }

  private static make(
    server: ServerState,
    bound: ListenOptions | null,
    backlog: number,
    open: (owner: ListenerOwner) => ListeningEndpoint | number,
  ): ListenerHandle {
    const acceptor = new Acceptor(server);
    const result = open(acceptor);
    const endpoint = typeof result === 'number' ? null : result;
    const pipe = endpoint?.pipe ?? bound?.family === 0;
    const Handle = pipe ? Pipe : TCP;
    return new Handle(acceptor, endpoint, typeof result === 'number' ? result : 0, bound, backlog);
  }

  /** Binds and listens. */
  static listenOn(server: ServerState, options: ListenOptions): ListenerHandle {
    return ListenerHandle.make(server, options, options.backlog, (owner) => {
      const result = port().listen(options, owner);
      return isFailure(result) ? result.status : result;
    });
  }

  /** Listens on a bound socket that the process was given. */
  static adopt(server: ServerState, descriptor: number, backlog: number): ListenerHandle {
    return ListenerHandle.make(server, null, backlog, (owner) =>
      port().adoptListener(descriptor, false, backlog, owner),
    );
  }

  /** Another server listens with the same handle from now on. */
  serve(server: ServerState): void {
    this.acceptor.serve(server);
  }

  get [kOwner](): ServerState {
    return this.acceptor.owner;
  }

  set [kOwner](server: ServerState) {
    this.acceptor.serve(server);
  }

  get owner(): ServerState {
    return this.acceptor.owner;
  }

  get fd(): number {
    if (this.libuv !== null) return this.libuv.fd ?? -1;
    const descriptor = this.endpoint?.descriptor() ?? -1;
    return descriptor < 0 ? -1 : descriptor;
  }

  getAsyncId(): number {
    return this.asyncId();
  }

  /** False, as of libuv's listeners. */
  get reading(): boolean {
    return false;
  }

  /** What libuv's handles show; the fields here lead back to the server. */
  toJSON(): object {
    return { reading: this.reading };
  }

  getProviderType(): number {
    return (asyncWrapProviders as Record<string, number>)[this.provider] as number;
  }

  /** Binding and listening were one step; net.Server asks here how it went. */
  listen(): number {
    return this.status;
  }

  /** The same before node:net asks: 0, or one of libuv's error numbers. */
  get bindStatus(): number {
    return this.status;
  }

  fchmod(mode: number): number {
    const readableAll = (mode & PIPE_READABLE) !== 0;
    const writableAll = (mode & PIPE_WRITABLE) !== 0;
    return this.endpoint?.setPipeMode(readableAll, writableAll, addsToMode) ?? 0;
  }

  get onconnection(): OnConnection | undefined {
    return this.handler;
  }

  set onconnection(handler: OnConnection | undefined) {
    const before = this.handler;
    this.handler = handler;
    // listen(server) sets node:net's own once more.
    if (before !== undefined && before !== handler && this.endpoint !== null) this.moveToLibuv();
  }

  close(callback?: () => void): void {
    if (this.closing) return;
    this.closing = true;
    if (this.libuv !== null) {
      this.libuv.close(callback);
      this.libuv = null;
      this.unlinkPath();
      this.emitDestroy();
      return;
    }
    this.acceptor.onGone = callback;
    if (this.endpoint === null) {
      port().afterClosing(() => this.acceptor.onClosed());
      return;
    }
    this.endpoint.close();
    // At once: a 'close' listener may listen on the same port or path again.
    port().flush();
    this.endpoint = null;
  }

  ref(): void {
    this.libuv?.ref();
    this.endpoint?.ref();
  }

  unref(): void {
    this.libuv?.unref();
    this.endpoint?.unref();
  }

  hasRef(): boolean {
    return this.libuv?.hasRef() ?? this.endpoint?.hasRef() ?? false;
  }

  /**
   * A libuv handle of the same socket, to be sent to another process. Where sockets cannot be duplicated the listener
   * moves to libuv, and its handle is that one. `lent` has to be closed when it was sent.
   */
  toSend(): { handle: LibuvHandle; lent: boolean } | undefined {
    if (this.libuv === null && this.endpoint !== null) {
      const handle = duplicateOf(this.endpoint);
      if (typeof handle === 'object') return { handle, lent: true };
      this.moveToLibuv();
    }
    return this.libuv === null ? undefined : { handle: this.libuv, lent: false };
  }

  /** The listener goes on under the handle that was sent. */
  leave(): void {
    this.endpoint?.handOver();
    this.endpoint = null;
    this.libuv = null;
  }

  /** Moves the listener to libuv. */
  toLibuv(): void {
    if (this.endpoint !== null) this.moveToLibuv();
  }

  private moveToLibuv(): void {
    const endpoint = this.endpoint as ListeningEndpoint;
    const referenced = endpoint.hasRef();
    let handle = duplicateOf(endpoint);
    const bound = this.bound as ListenOptions;
    const local: { address?: string; port?: number } = {};
    if (typeof handle === 'number' && bound.family !== 0) this.localAddress(local);
    endpoint.handOver();
    port().flush();
    this.endpoint = null;
    if (typeof handle === 'number') handle = bindAgain(bound, local);
    const status = typeof handle === 'number' ? handle : handle.listen(this.backlog);
    debug('a listener moves to libuv%s', status === 0 ? '' : ` (and fails there, error ${status})`);
    if (typeof handle === 'number') return;
    if (!referenced) handle.unref();
    handle.onconnection = (error, client) => this.handler?.call(this, error, client);
    this.libuv = handle;
  }

  protected localAddress(out: object): number {
    if (this.libuv !== null) return this.libuv.getsockname?.(out) ?? 0;
    const address = this.endpoint?.localAddress() ?? -1;
    if (typeof address === 'number') return address;
    Object.assign(out, address);
    return 0;
  }

  /** libuv removes the file of a Unix listener that it has bound itself; not this one. */
  private unlinkPath(): void {
    const path = this.bound?.family === 0 ? this.bound.host : '\0';
    if (path.startsWith('\0') || path.startsWith('\\\\')) return;
    fs.rmSync(path, { force: true });
  }
}

class TCP extends ListenerHandle {
  constructor(...args: Opened) {
    super('TCPSERVERWRAP', ...args);
  }

  getsockname(out: object): number {
    return this.localAddress(out);
  }
}

class Pipe extends ListenerHandle {
  constructor(...args: Opened) {
    super('PIPESERVERWRAP', ...args);
  }
}

function duplicateOf(endpoint: ListeningEndpoint): LibuvHandle | number {
  const descriptor = endpoint.duplicate();
  return descriptor < 0 ? descriptor : handleOf(descriptor);
}

function bindAgain(
  { host, family, ipv6Only }: ListenOptions,
  local: { address?: string; port?: number },
): LibuvHandle | number {
  if (family === 0) return createServerHandle(host, -1, -1);
  const flags = ipv6Only ? TCP_IPV6ONLY : 0;
  return createServerHandle(local.address ?? host, local.port ?? 0, family, undefined, flags);
}
