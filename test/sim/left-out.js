'use strict';

// Which specs do not run on the simulated kernel, and why; what is not named here runs. A spec is named by its file and
// full title, "write: write node:net = iocp-net encoding utf8". `quiet`: only with faults.

const LEFT_OUT = [
  {
    why: 'descriptors of the system, and what was opened elsewhere',
    specs: [
      /^endpoints-descriptors: /,
      /^foreign-bytes: /,
      /^no-descriptors: /,
      /^subclass-over-handle: /,
      /^socket-handle: .* (is there while node:net has one|of a pipe|names the descriptor)/,
      /^server-listen: .* (descriptors that cannot listen|shares a port among servers)/,
      /^http2-over-socket: .* createConnection and emit\('connection'\)/, // the addresses of the descriptor that was taken
    ],
  },
  {
    why: 'files of the system, and who may use them',
    specs: [
      /^endpoints-local: .* (makes a file|a name left behind|an ordinary file|a folder|a name that is too long)/,
      /^endpoints-local: .* (the mode of the file|a socket that this user may not|a relative path)/,
      /^server-listen: .* a privileged port/,
    ],
  },
  {
    why: "what Linux's kernel says of its timers",
    specs: [/^keep-alive: /, /^server-accept: .* keepAlive arms the timer of the kernel/],
  },
  {
    why: 'another process, or another thread',
    specs: [
      /^auto-select-family: .* (an attempt that|destroy while an attempt is not answered)/,
      /^ref: .* a connection that is destroyed while nobody answers/,
      /^idle-timeout: .* while connecting/,
      /^endpoints-local: .* two processes talk/,
      /^server-close: .* (bytes that are still to be sent keep|a connection that is being made keeps)/,
      /^timers-between: timers between handlers (a|bytes)/,
      /^write-at-once: .* (the handler that wrote it blocks|runs a synchronous child|the process is killed|a cheap answer)/,
      /^active-handles: .* in a worker/,
    ],
  },
  {
    why: 'more bytes or connections than say something new here',
    specs: [
      /^load: /,
      /^endpoints-volume: /,
      /100 MiB|megabytes both ways/,
      /^large-chunks: .* 100 connections at once/,
      /^write: .* (some MiB arrives whole|both directions at once)/,
    ],
  },
  {
    why: 'what arrives within so many turns, and a connection that is accepted before its client knows of it',
    quiet: true,
    specs: [
      /^write-to-a-gone-peer: /,
      /^async-context: .* await inside a handler keeps the store/,
      /^tls-over-socket: .* the own direction has ended before/,
      /^write-order: .* after its peer has reset/,
      /^write-while-connecting: .* destroySoon/,
    ],
  },
  {
    why: 'connections in the order of the calls, and turns of real time: not where those come from the seed',
    quiet: true,
    specs: [
      /^server-accept: .* (arrive in the order of connect|order of an arrival .* drop)$/,
      /^timers-between: .* carries one turn of handlers/,
    ],
  },
  {
    why: 'a peer of node:net itself, which is on another kernel',
    specs: [
      /^after-the-end: .* are reset when a connection handler closes it/,
      /^async-hooks: .* a connection that an agent gives to another request/,
    ],
  },
  {
    why: 'a network beyond the loopback device',
    specs: [/^connect: .* an address without a route/, /^server-listen: .* link-local/],
  },
];

module.exports = { LEFT_OUT };
