// `iocp-net/install`: the port under a program that knows nothing of it.
import { DIRECTORY, facade, registeredFacade } from './shared.js';

/**
 * Replaces the exports of `node:net` by ours, lets every server that inherits from node:net's (http included) listen on
 * the port, and gives the clients of those modules our sockets. Without an engine it changes nothing.
 * Calling it again does nothing.
 */
export function install(): void {
  facade()?.installation.install(DIRECTORY);
}

/**
 * Takes back everything that install() replaced, unless another copy of the package has installed too: the last one to
 * leave does it. Connections that are open stay on the port.
 */
export function uninstall(): void {
  registeredFacade()?.installation.uninstall(DIRECTORY);
}
