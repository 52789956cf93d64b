// What a socket of ours shows as its `_handle`, where node:net has an object of libuv's: the same names, statuses and
// async resource, over the endpoint of a port. Programs call it, replace its methods, or give it to another socket;
// what a socket asks of its handle goes through these methods, except for the bytes.
import { AsyncResource, asyncWrapProviders } from 'node:async_hooks';
import { builtin } from '../../node/builtin.js';
import { debug } from '../../node/debug.js';
import { define } from '../../node/define.js';
import { isWithoutSocket, statusOf } from '../../node/errors.js';
import { kOwner } from '../../node/symbols.js';
import { setImmediate } from '../../port/clock.js';
import type { StreamEndpoint } from '../../port/endpoint.js';
import { type ConnectOptions, isFailure } from '../../port/opening.js';
import { inThisContext, reportIn } from '../async-context.js';
import { port } from '../engine-port.js';
import { isBoundToHttp2, moveForHttp2 } from '../interop/tls-sockets.js';
import { consume } from '../sinks/parser-feed.js';
import { kConnection, type ThisSocket } from '../state.js';
import { Connection } from './connection.js';
import type { Connecting, ConnectRequest, ShutdownRequest } from './handle-requests.js';
import { setKeepAlive } from './keep-alive.js';
import { pipeName } from './pipe-name.js';
import { SharedOwner } from './shared-owner.js';

const EALREADY = statusOf('EALREADY');
const EBADF = statusOf('EBADF');
const EINVAL = statusOf('EINVAL');
const ENOTCONN = statusOf('ENOTCONN');

/** About the name of a pipe; libuv reports every other failure of one later. */
const BAD_NAME = new Set(['EINVAL', 'ENAMETOOLONG', 'EBADF'].map(statusOf));

/** Handles without an endpoint: before connect(), or while an address is looked up. */
export const unconnected = new Set<SocketHandle>();

/** The async resource of a handle from the moment on that an http agent gave its connection to another request. */
class ReusedHandle extends AsyncResource {
  readonly type: number;
  readonly handle: SocketHandle;

  constructor(provider: string, handle: SocketHandle) {
    super(provider);
    this.type = handle.getProviderType();
    this.handle = handle;
  }
}

export abstract class SocketHandle extends AsyncResource {
  /** The socket whose events come from this handle. Node's code may name another one (kOwner). */
  protected socket: ThisSocket;
  /** Kept when the socket lets go of it: the handle can still be asked. */
  protected endpoint: StreamEndpoint | null = null;
  /** The async resource that events run in. */
  protected context: AsyncResource = this;
  /** Of a handle that never had an endpoint, too, and once its endpoint has gone. */
  protected closing = false;
  /** The connection that the endpoint's events go to. */
  private connection: Connection | null = null;
  /** By a parser of http, once in its life. */
  private consumed = false;
  /** Asked for before there is an endpoint. */
  private referenced = true;
  /** What came of a connect that was begun with its bind(): a connection, or the error number of the call. */
  protected bound: StreamEndpoint | number | null = null;

  protected constructor(provider: string, socket: ThisSocket | null, triggerAsyncId?: number) {
    super(provider, triggerAsyncId as number);
    this.socket = socket as ThisSocket; // of an accepted connection it follows at once
    if (socket !== null) unconnected.add(this);
  }

  protected abstract get provider(): string;

  // ---- for the socket ----

  get asyncContext(): AsyncResource {
    return this.context;
  }

  get holder(): ThisSocket {
    return this.socket;
  }

  get carried(): StreamEndpoint | null {
    return this.endpoint;
  }

  /** The endpoint's events go to the connection from now on. */
  carry(connection: Connection, endpoint: StreamEndpoint, connecting: Connecting | null = null): void {
    const former = this.connection;
    this.socket = connection.socket;
    this.endpoint = endpoint;
    this.connection = connection;
    // A write of the socket that had the handle still ends there.
    endpoint.owner = former === null ? connection : new SharedOwner(connection, former);
    unconnected.delete(this);
    if (former === null && !this.referenced) endpoint.unref();
    connection.carry(endpoint, connecting);
  }

  /** The connection of an endpoint that no socket was made of. */
  drop(endpoint: StreamEndpoint): void {
    this.closing = true;
    endpoint.close();
    this.emitDestroy();
  }

  /** The connection goes on elsewhere, under a handle of its own. */
  leave(): void {
    const { endpoint, context } = this;
    this.closing = true;
    this.connection?.whenGone(() => context.emitDestroy());
    endpoint?.handOver();
  }

  /** Another socket takes this handle as its own. Events go on to the socket that had it, as in node:net. */
  share(taker: ThisSocket): void {
    const { endpoint, connection } = this;
    const current = taker[kConnection];
    if (connection?.socket === taker) {
      connection.comeBack(this, endpoint);
      return;
    }
    if (current.handle === this && current.endpoint === endpoint) return;
    const next = current.exchanged(this, endpoint);
    if (endpoint === null || connection === null) return;
    next.goOnFrom(connection);
    endpoint.owner = new SharedOwner(endpoint.owner as Connection | SharedOwner, next);
  }

  // ---- as libuv's ----

  get [kOwner](): ThisSocket {
    return this.socket;
  }

  set [kOwner](socket: ThisSocket) {
    this.socket = socket;
  }

  /**
   * No stream of Node's C++. http's servers ask for each connection, once: its parser is then given the bytes past the
   * stream all the same. http2 asks after it has bound the socket to a session: the next look at `_handle` then finds a
   * stream of libuv's.
   */
  get isStreamBase(): boolean {
    const { socket } = this;
    if (socket.parser != null) {
      if (!this.consumed && consume(socket)) this.current?.sink.parsed?.(this.current);
      this.consumed = true;
      return false;
    }
    return isBoundToHttp2(socket) && moveForHttp2(socket);
  }

  get fd(): number {
    if (this.endpoint === null || this.closing) return -1;
    const descriptor = this.endpoint.descriptor();
    return descriptor < 0 ? -1 : descriptor;
  }

  /** Its own, when the socket has moved to libuv: none, if it was not connected by then. */
  private get current(): Connection | null {
    return this.socket[kConnection] ?? this.connection;
  }

  get reading(): boolean {
    return this.current?.reading ?? false;
  }

  set reading(on: boolean) {
    this.current?.noteReading(on);
  }

  get bytesRead(): number {
    return this.current?.bytesRead ?? 0;
  }

  get bytesWritten(): number {
    return this.current?.bytesWritten ?? 0;
  }

  get writeQueueSize(): number {
    return this.endpoint === null || this.closing ? 0 : this.endpoint.queuedBytes();
  }

  readStart(): number {
    if (this.closing) return EINVAL;
    if (this.endpoint === null || this.endpoint.isConnecting()) return ENOTCONN;
    this.current?.receive();
    return 0;
  }

  readStop(): number {
    if (this.endpoint !== null && !this.closing) this.current?.halt();
    return 0;
  }

  shutdown(request: ShutdownRequest): number {
    const { endpoint, connection } = this;
    if (endpoint === null || this.closing || !endpoint.canShutdown()) return ENOTCONN;
    // The connection that the endpoint reports to: the socket may have its next one by now.
    connection?.shutdown(endpoint, () => request.oncomplete(0), this.getAsyncId());
    return 0;
  }

  close(callback?: () => void): void {
    this.end(callback, false);
  }

  ref(): void {
    if (this.endpoint === null) this.referenced = true;
    else this.endpoint.ref();
  }

  unref(): void {
    if (this.endpoint === null) this.referenced = false;
    else this.endpoint.unref();
  }

  hasRef(): boolean {
    return !this.closing && (this.endpoint?.hasRef() ?? this.referenced);
  }

  getAsyncId(): number {
    return this.context.asyncId();
  }

  getProviderType(): number {
    return (asyncWrapProviders as Record<string, number>)[this.provider] as number;
  }

  /** Later events run in the async context of the caller. */
  asyncReset(_resource?: unknown): void {
    this.context.emitDestroy();
    this.context = new ReusedHandle(this.provider, this);
  }

  /** What libuv's handles show; the fields here lead back to the socket. */
  toJSON(): object {
    return { reading: this.reading, onconnection: null };
  }

  connect(request: ConnectRequest, address: string, portNumber?: number): number {
    return this.begin(request, { host: address, port: portNumber as number, family: 4 });
  }

  protected begin(request: ConnectRequest, target: ConnectOptions): number {
    if (this.closing) return EBADF;
    const complete = (status: number) => request.oncomplete?.(status, this, request, true, true);
    if (this.endpoint !== null) {
      // Once more is up to the system. Linux says yes to the first time (connect(2) then confirms what stands).
      const { host, port: portNumber, family } = target;
      const status = this.endpoint.isConnecting()
        ? EALREADY
        : this.endpoint.connectAgain(host, portNumber, family);
      if (status === 0) setImmediate(complete, 0);
      return status;
    }
    let endpoint = this.bound;
    this.bound = null;
    if (typeof endpoint === 'number') return endpoint;
    if (endpoint === null) {
      const result = port().connect(target);
      if (isFailure(result)) return result.status;
      endpoint = result;
    }
    debug('socket to %s:%s: the %s port', request.address, request.port, port().name);
    const type = this.provider === 'TCPWRAP' ? 'TCPCONNECTWRAP' : 'PIPECONNECTWRAP';
    const done = inThisContext(complete, type, this.getAsyncId());
    // The socket may have another handle by now.
    const current = this.socket[kConnection];
    const connection = current?.handle === this ? current : new Connection(this.socket);
    this.carry(connection, endpoint, { request, done });
    return 0;
  }

  protected end(callback: (() => void) | undefined, reset: boolean): void {
    if (this.closing) return; // as libuv's: only the first one's callback is called
    this.closing = true;
    unconnected.delete(this);
    const { context, endpoint, bound } = this;
    if (bound !== null && typeof bound !== 'number') bound.close();
    const closed = () => {
      try {
        callback?.call(this);
      } finally {
        context.emitDestroy();
      }
    };
    const done = () => reportIn(context, closed);
    if (endpoint === null) {
      port().afterClosing(done);
      return;
    }
    this.connection?.whenGone(done);
    if (reset) endpoint.reset();
    else endpoint.close();
  }
}

class TCP extends SocketHandle {
  constructor(socket: ThisSocket | null, triggerAsyncId?: number) {
    super('TCPWRAP', socket, triggerAsyncId);
  }

  protected get provider(): string {
    return 'TCPWRAP';
  }

  /**
   * Binds the local end. The port binds and connects in one step, so that the connect() which follows finds its
   * connection begun.
   */
  bindFor(target: ConnectOptions): number {
    const result = port().connect(target);
    // libuv opens the socket in its first call, which is bind here.
    if (isFailure(result) && (result.stage === 'bind' || isWithoutSocket(result.status)))
      return result.status;
    this.bound = isFailure(result) ? result.status : result;
    return 0;
  }

  connect6(request: ConnectRequest, address: string, portNumber: number): number {
    return this.begin(request, { host: address, port: portNumber, family: 6 });
  }

  get owner(): ThisSocket {
    return this.socket;
  }

  reset(callback?: () => void): number {
    this.end(callback, true);
    return 0;
  }

  getsockname(out: object): number {
    return put(out, this.endpoint === null || this.closing ? EBADF : this.endpoint.localAddress());
  }

  getpeername(out: object): number {
    return put(out, this.endpoint === null || this.closing ? EBADF : this.endpoint.peerAddress());
  }

  setNoDelay(on: boolean): number {
    if (this.closing) return EBADF;
    return this.endpoint?.setNoDelay(Boolean(on)) ?? 0;
  }

  setKeepAlive(on: boolean, idleSeconds: number, intervalSeconds?: number, count?: number): number {
    if (this.closing) return EBADF;
    if (this.endpoint === null) return 0;
    return setKeepAlive(this.endpoint, Boolean(on), idleSeconds, intervalSeconds, count);
  }
}

if ('setTypeOfService' in builtin.Socket.prototype) {
  define(TCP.prototype, 'setTypeOfService', {
    value(this: TCP, value: number): number {
      if (this.closing || this.endpoint === null) return EBADF;
      return this.endpoint.setTypeOfService(value);
    },
    writable: true,
    configurable: true,
  });
}

class Pipe extends SocketHandle {
  constructor(socket: ThisSocket | null, triggerAsyncId?: number) {
    super('PIPEWRAP', socket, triggerAsyncId);
  }

  protected get provider(): string {
    return 'PIPEWRAP';
  }

  override connect(request: ConnectRequest, address: string): number {
    const status = this.begin(request, { host: pipeName(address), port: 0, family: 0 });
    if (status === 0 || BAD_NAME.has(status)) return status;
    const complete = () => request.oncomplete?.(status, this, request, true, true);
    setImmediate(inThisContext(complete, 'PIPECONNECTWRAP', this.getAsyncId()));
    return 0;
  }
}

export { Pipe, TCP };

/** A connection of the port's for a socket that follows: accepted, or handed over. */
export function handleFor(endpoint: StreamEndpoint, triggerAsyncId?: number): SocketHandle {
  return endpoint.pipe ? new Pipe(null, triggerAsyncId) : new TCP(null, triggerAsyncId);
}

function put(out: object, address: object | number): number {
  if (typeof address === 'number') return address;
  Object.assign(out, address);
  return 0;
}
