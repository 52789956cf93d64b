// What carries sockets. In the package this file and all below it are one: that loads twice as fast as 60, and a copy that
// only joins the engine of another one does not load it.
import type * as facadeModule from './facade.js';

export { adviceOnOpening, tryPort, whyNone } from './net/engine-port.js';
export { findAddon } from './port/addon.js';
export { isMusl } from './port/advice.js';
export { locateAddon } from './port/locate.js';

/** Only where there is an engine. */
export function loadFacade(): facadeModule.Facade {
  return (require('./facade.js') as typeof facadeModule).facade;
}
