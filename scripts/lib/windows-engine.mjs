// The cross-built Windows engine of this checkout, and how a Windows program finds it: build/ holds the Linux one.
import path from 'node:path';
import nativeBuild from './native-build.cjs';
import paths from './paths.cjs';
import { windowsPath } from './wine.mjs';

const FOLDER = path.join(paths.root, 'build-win32-x64');

export function buildWindowsEngine(options = {}) {
  return nativeBuild.buildNative({ ...options, platform: 'win32', out: path.join(FOLDER, 'build') });
}

/** node-gyp-build looks for <folder>/build/Release/*.node when this is set. */
export function windowsEngineEnvironment() {
  return { IOCP_NET_PREBUILD: windowsPath(FOLDER) };
}
