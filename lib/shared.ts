// One copy of the package carries the sockets of an environment (the main thread, or a worker), however often and from
// however many folders it is loaded. The first copy that opens an engine registers its facade on `process`; later
// copies of the same boundary use that one.
import net = require('node:net');

import type * as coreModule from './core.js';
import type { Facade } from './facade.js';
import { debug } from './node/debug.js';
import { codeFolder, packageRoot } from './port/locate.js';

/** To be raised whenever `Facade` changes: copies with another number do not share. */
const BOUNDARY = 2;
const KEY = Symbol.for('iocp-net');

/** What every version of the package registers, whatever else the facade has. */
interface Registration {
  readonly boundary: number;
  readonly version: string;
  readonly directory: string;
  readonly facade: Facade;
}

/** Names this copy. */
export const DIRECTORY = packageRoot() ?? codeFolder();

const core = () => require('./core.js') as typeof coreModule;

let found: Facade | undefined;
let reason: string | undefined;
let advice: string | undefined;

/** The facade of this environment. Undefined where the package is node:net: `reasonForNone` then says why. */
export function facade(): Facade | undefined {
  if (found === undefined && reason === undefined) {
    const result = isForeign() ? ofNode() : (registered() ?? openEngine());
    if (typeof result === 'string') reason = result;
    else found = result;
  }
  return found;
}

export function reasonForNone(): string | undefined {
  facade();
  return reason;
}

/** What to do about it, where something can be done. */
export function adviceForNone(): string | undefined {
  if (reasonForNone() === undefined || advice !== undefined) return advice;
  const { adviceOnOpening, findAddon } = core();
  const addon = findAddon();
  return 'advice' in addon ? addon.advice : adviceOnOpening();
}

/** The reason is none of the addon's, which tells its own: it is printed here. */
function without(why: string, whatToDo: string): string {
  advice = whatToDo;
  debug('node:net carries everything: %s; %s', why, whatToDo);
  return why;
}

/** The facade if some copy has opened one already. */
export function registeredFacade(): Facade | undefined {
  return found ?? (isForeign() || typeof registered() === 'object' ? facade() : undefined);
}

function registered(): Facade | string | undefined {
  const registration = (process as unknown as Record<symbol, Registration | undefined>)[KEY];
  if (registration === undefined) return undefined;
  const { boundary, version, directory } = registration;
  if (boundary === BOUNDARY) return registration.facade;
  return without(
    `iocp-net ${version} in ${directory} carries the sockets here, and cannot share its engine with this copy in ${DIRECTORY}`,
    'install one version of iocp-net for the whole program (npm ls iocp-net lists them)',
  );
}

function openEngine(): Facade | string {
  const { tryPort, whyNone, loadFacade } = core();
  if (tryPort() === undefined) {
    const why = whyNone() as string;
    const { bun, deno } = process.versions as { bun?: string; deno?: string };
    return bun === undefined && deno === undefined ? why : without(why, 'nothing: it has a net of its own');
  }
  const opened = loadFacade();
  const { version } = require('../package.json') as { version: string };
  const registration: Registration = { boundary: BOUNDARY, version, directory: DIRECTORY, facade: opened };
  // A process object that takes no more properties leaves this copy to itself.
  Reflect.defineProperty(process, KEY, { __proto__: null, value: Object.freeze(registration) } as object);
  return opened;
}

/**
 * Whether a test runner has loaded this file into a context of its own, with globals that end before the environment
 * does. Node's own functions are then no instances of this context's Function.
 */
function isForeign(): boolean {
  // A bundle has no file of ours that Node could load in its place.
  return !(net.isIP instanceof Function) && packageRoot() !== undefined;
}

/** Node's own loader outlives the context, and loads the package once for all of them. */
function ofNode(): Facade | string {
  // Not the process of this context: a test runner hands out its own loader there.
  const main = (require('node:vm') as typeof import('node:vm')).runInThisContext('globalThis') as {
    process: NodeJS.Process;
  };
  const load = main.process.getBuiltinModule?.('node:module').createRequire(__filename);
  const own = load?.(__filename) as typeof import('./shared.js') | undefined;
  if (own === undefined || own.facade instanceof Function) {
    return without(
      'a test runner has loaded it into a context of its own, and this Node has no process.getBuiltinModule()',
      'run the tests on Node 20.16, 22.3 or later',
    );
  }
  const shared = own.facade();
  if (shared === undefined) advice = own.adviceForNone();
  return shared ?? (own.reasonForNone() as string);
}
