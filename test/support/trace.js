'use strict';

// What a program observes, in a form that two runs can be compared by: events in order with their arguments.

const { late } = require('./simulation.js');

const ERROR_FIELDS = [
  'name',
  'message',
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'localAddress',
  'localPort',
  'hostname',
  'host',
];

/** Turns a value into plain data: errors with their fields in order, buffers as text, functions by name. */
function plain(value, alias = (x) => x, depth = 0) {
  if (value instanceof Trace) return value.entries;
  if (typeof value === 'string' || typeof value === 'number') return alias(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return `[function ${value.name}]`;
  if (value === null || typeof value !== 'object') return value;
  if (depth > 8) throw new Error('a trace holds plain data, this is nested too deeply');
  const next = (x) => plain(x, alias, depth + 1);
  if (value instanceof Error) {
    const fields = { class: value.constructor.name };
    for (const key of ERROR_FIELDS) if (value[key] !== undefined) fields[key] = next(value[key]);
    fields.keys = Object.keys(value);
    if (value.errors !== undefined) fields.errors = value.errors.map(next);
    if (value.cause !== undefined) fields.cause = next(value.cause);
    return fields;
  }
  if (ArrayBuffer.isView(value))
    return `[${value.constructor.name} ${next(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1'))}]`;
  if (Array.isArray(value)) return value.map(next);
  if (typeof value.listen === 'function') return '[server]';
  if (typeof value.pipe === 'function') return '[socket]';
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, next(one)]));
}

class Trace {
  entries = [];
  #aliases = new Map();

  /** From now on `value` (a random port, a path) reads `name`, in numbers and inside texts. */
  alias(value, name) {
    this.#aliases.set(String(value), `<${name}>`);
    return this;
  }

  #named = (value) => {
    const text = String(value);
    if (this.#aliases.has(text)) return this.#aliases.get(text);
    if (typeof value !== 'string') return value;
    let out = value;
    for (const [from, to] of this.#aliases) {
      out = /^\d+$/.test(from)
        ? out.replace(new RegExp(`(?<!\\d)${from}(?!\\d)`, 'g'), to)
        : out.replaceAll(from, to);
    }
    return out;
  };

  plain(value) {
    return plain(value, this.#named);
  }

  /** One entry: a bare text, or [text, ...arguments]. */
  push(what, ...args) {
    this.entries.push(args.length === 0 ? what : [what, ...args.map((arg) => this.plain(arg))]);
    return this;
  }

  /** The entries of each label on its own: for scenarios where only the order at one emitter is promised. */
  lanes() {
    const lanes = {};
    for (const entry of this.entries) {
      const label = (Array.isArray(entry) ? entry[0] : entry).split('.')[0];
      lanes[label] ??= [];
      lanes[label].push(entry);
    }
    return lanes;
  }

  /** Records the outcome of a call: what it threw, or the plain form of what it returned. */
  call(what, fn) {
    const { threw, returned } = attempt(fn);
    if (threw !== undefined) this.push(`${what} threw`, threw);
    else this.push(what, returned);
    return returned;
  }

  /** Records the named events of an emitter as `label.event`. Listening to 'data' makes the stream flow, as ever. */
  watch(label, emitter, events) {
    for (const event of events) {
      emitter.on(event, (...args) => this.push(`${label}.${event}`, ...args));
    }
    return emitter;
  }
}

/**
 * What is compared of two ends in one process. On Windows, and on a simulated kernel that is late by chance, the order at
 * each: when a close leaves the system between two looks at the port is not ours to say.
 */
const orderOf = (trace) => (process.platform === 'win32' || late ? trace.lanes() : undefined);

/** Calls fn and returns {threw} or {returned}; for errors that are part of the contract. */
function attempt(fn) {
  try {
    return { returned: fn() };
  } catch (error) {
    return { threw: error };
  }
}

module.exports = { Trace, plain, attempt, orderOf };
