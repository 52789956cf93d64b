'use strict';
// Runs cmake: for the addon through cmake-js in a checkout, and plainly where an installed package has no cmake-js; for
// the native tests, which know no Node, plainly.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { findOrFetchHeaders } = require('./node-headers.cjs');
const { root } = require('./paths.cjs');
const { targetOf, toolchainDefinitions } = require('./targets.cjs');
const { onPath } = require('./toolchain.cjs');

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

function cmakeJs() {
  try {
    return require.resolve('cmake-js/bin/cmake-js', { paths: [root] });
  } catch {
    return undefined; // installed without development dependencies
  }
}

/** output: a descriptor, 'inherit', or 'failure' to show it only when the command fails. */
function runStep(file, args, output) {
  if (output !== 'failure') {
    execFileSync(file, args, { cwd: root, stdio: ['ignore', output, output] });
    return;
  }
  try {
    execFileSync(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: OUTPUT_BYTES_MAX });
  } catch (error) {
    process.stderr.write(error.stdout ?? '');
    process.stderr.write(error.stderr ?? '');
    throw new Error(`${path.basename(args[0])} ended with ${error.signal ?? `exit code ${error.status}`}`);
  }
}

function definitions(target, defines) {
  const all = { IOCP_NET_NODE_INCLUDE: findOrFetchHeaders(), IOCP_NET_NODE: process.execPath, ...defines };
  return Object.entries({ ...all, ...toolchainDefinitions(target) });
}

/** A checkout that was moved or copied has build folders that cmake refuses: they name the place where they were made. */
function forgetOtherPlace(folder) {
  const file = path.join(folder, 'CMakeCache.txt');
  if (!fs.existsSync(file)) return;
  const madeAt = /^CMAKE_CACHEFILE_DIR:INTERNAL=(.*)$/m.exec(fs.readFileSync(file, 'utf8'))?.[1]?.trim();
  if (madeAt === undefined) return;
  // Windows' cmake writes the drive's letter small: relative() does not mind.
  const isHere =
    fs.existsSync(madeAt) && path.relative(fs.realpathSync(madeAt), fs.realpathSync(folder)) === '';
  if (isHere) return;
  // As `cmake --fresh` does, which Debian 11's cmake does not have yet.
  fs.rmSync(file);
  fs.rmSync(path.join(folder, 'CMakeFiles'), { recursive: true, force: true });
}

function runCmake(folder, config, defines, output, { source = root, target } = {}) {
  forgetOtherPlace(folder);
  const flags = defines.map(([key, value]) => `-D${key}=${value}`);
  // On Windows cmake finds Visual Studio; with Ninja it would ask for its compiler on the path.
  if (process.platform !== 'win32' && onPath('ninja')) flags.push('-G', 'Ninja');
  runStep('cmake', ['-S', source, '-B', folder, `-DCMAKE_BUILD_TYPE=${config}`, ...flags], output);
  const build = ['--build', folder, '--config', config, '--parallel', String(os.availableParallelism())];
  if (target !== undefined) build.push('--target', target);
  runStep('cmake', build, output);
}

function runCmakeJs(driver, folder, config, defines, output) {
  forgetOtherPlace(folder);
  const jobs = String(os.availableParallelism());
  const common = ['-d', root, '-O', folder, '-B', config, '-l', 'warn', '-p', jobs];
  for (const [key, value] of defines) common.push(`--CD${key}=${value}`);
  // Configuring again takes a blink, and takes up a changed definition.
  runStep(process.execPath, [driver, 'configure', ...common], output);
  runStep(process.execPath, [driver, 'build', ...common], output);
}

/**
 * Configures the addon, and builds what is out of date.
 * @param {object} options
 * @param {string} [options.platform]                 win32 on Linux is the cross build for win32-x64
 * @param {string} [options.target]                   one of targets.cjs, in place of platform
 * @param {string} [options.out]                      build folder
 * @param {'Release' | 'Debug'} [options.config]
 * @param {Record<string, string>} [options.defines]  further -D for cmake
 * @param {number | 'inherit' | 'failure'} [options.output]  see runStep
 * @returns {string} the addon's file
 */
function buildNative(options = {}) {
  const { platform = process.platform, config = 'Release', defines = {}, output = 'failure' } = options;
  const { target = targetOf(platform) } = options;
  const folder = path.resolve(root, options.out ?? 'build');
  const all = definitions(target, defines);
  const driver = cmakeJs();
  if (driver) runCmakeJs(driver, folder, config, all, output);
  else runCmake(folder, config, all, output);
  return path.join(folder, config, 'iocp_net.node');
}

/**
 * Builds the native tests, with assertions.
 * @param {{platform?: string, target?: string, sanitize?: 'address' | 'thread' | ''}} options
 * @returns {string} the folder with the executables
 */
function buildNativeTests({ platform = process.platform, target = targetOf(platform), sanitize = '' } = {}) {
  const folder = path.join(root, `build-tests-${target}${sanitize === '' ? '' : `-${sanitize}`}`);
  const defines = { IOCP_NET_ADDON: 'OFF', IOCP_NET_TESTS: 'ON', IOCP_NET_SANITIZE: sanitize };
  runCmake(folder, 'Debug', definitions(target, defines), 'failure');
  return path.join(folder, 'native-tests');
}

/**
 * Builds the specs' helper, test/addon.
 * @returns {string} the addon's file
 */
function buildTestAddon({ platform = process.platform } = {}) {
  const folder = testAddonFolder(platform);
  runCmake(folder, 'Release', definitions(targetOf(platform), { IOCP_NET_TEST_ADDON: 'ON' }), 'failure', {
    target: 'test_helper',
  });
  return path.join(folder, 'test-addon', 'test_helper.node');
}

/** The folder that buildTestAddon builds in. */
const testAddonFolder = (platform) => path.join(root, `build-test-addon-${platform}`);

/**
 * Builds the simulation (test/sim), with assertions.
 * @param {{sanitize?: 'address' | '', source?: string, target?: string}} options
 *   source: a copy of the checkout; target: one program alone
 * @returns {string} the folder with the executables
 */
function buildSimulation({ sanitize = '', source = root, target } = {}) {
  const folder = path.join(source, `build-sim${sanitize === '' ? '' : `-${sanitize}`}`);
  const defines = { IOCP_NET_ADDON: 'OFF', IOCP_NET_SIMULATION: 'ON', IOCP_NET_SANITIZE: sanitize };
  const all = definitions(targetOf(process.platform), defines);
  runCmake(folder, 'Debug', all, 'failure', { source, target });
  return path.join(folder, 'sim-tests');
}

/**
 * Builds the addon over the simulated kernel, with assertions.
 * @param {{sanitize?: 'address' | '', source?: string}} options  source: a copy of the checkout
 * @returns {string} the addon's file
 */
function buildSimulationAddon({ sanitize = '', source = root } = {}) {
  const folder = path.join(source, `build-sim-addon${sanitize === '' ? '' : `-${sanitize}`}`);
  const defines = { IOCP_NET_SIMULATION: 'ON', IOCP_NET_SANITIZE: sanitize };
  const all = definitions(targetOf(process.platform), defines);
  runCmake(folder, 'Debug', all, 'failure', { source, target: 'iocp_net_sim' });
  return path.join(folder, 'sim-addon', 'iocp_net.node');
}

/**
 * Builds the relay of test/network, with assertions and the address sanitizer.
 * @returns {string} the program
 */
function buildRelay() {
  const folder = path.join(root, 'build-network');
  const defines = { IOCP_NET_ADDON: 'OFF', IOCP_NET_NETWORK: 'ON', IOCP_NET_SANITIZE: 'address' };
  const all = definitions(targetOf(process.platform), defines);
  runCmake(folder, 'Debug', all, 'failure', { target: 'iocp_net_relay' });
  return path.join(folder, 'network', 'iocp_net_relay');
}

/**
 * Builds the load generator and the floor of the benchmarks.
 * @returns {string} the folder with the executables
 */
function buildBenchmarks({ platform = process.platform, target = targetOf(platform) } = {}) {
  const folder = path.join(root, `build-bench-${target}`);
  const defines = { IOCP_NET_ADDON: 'OFF', IOCP_NET_BENCHMARKS: 'ON' };
  runCmake(folder, 'Release', definitions(target, defines), 'failure');
  return path.join(folder, 'programs');
}

/**
 * Builds the programs of examples for Windows, the only system that has any.
 * @returns {string} the folder with the executables
 */
function buildExamples() {
  const folder = path.join(root, 'build-examples-win32-x64');
  const defines = { IOCP_NET_ADDON: 'OFF', IOCP_NET_EXAMPLES: 'ON' };
  runCmake(folder, 'Release', definitions('win32-x64', defines), 'failure');
  return path.join(folder, 'programs');
}

module.exports = {
  buildNative,
  buildNativeTests,
  buildTestAddon,
  buildSimulation,
  buildSimulationAddon,
  buildRelay,
  buildBenchmarks,
  buildExamples,
  forgetOtherPlace,
};
