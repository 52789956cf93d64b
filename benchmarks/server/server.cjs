'use strict';
// One server process of the suite: one scenario on one transport, under Node, Bun or Deno.
//
// usage: server.cjs '{"transport", "scenario", "parameters", "path"?, "backend"?, "package"?}'
//
// It prints on stdout where it listens, and answers each line on stdin with a line of JSON: `usage` and `collect` (the
// same after a garbage collection, where the runtime offers one), `watch` and `watched` (how late timers are in between);
// `quit` ends it.
const path = require('node:path');
const fs = require('node:fs');

const {
  transport,
  scenario,
  parameters,
  path: localPath,
  backend,
  package: packageRoot,
} = JSON.parse(process.argv[2]);

/** fs rather than process.stdout, which is a stream of the very kind that is measured. */
function print(message) {
  fs.writeSync(1, `${JSON.stringify(message)}\n`);
}

function usage() {
  const { user, system } = process.cpuUsage();
  return {
    userUs: user,
    systemUs: system,
    residentBytes: process.memoryUsage().rss,
    residentBytesMax: process.resourceUsage().maxRSS * 1024,
  };
}

function collect() {
  if (globalThis.Bun) globalThis.Bun.gc(true);
  else for (let i = 0; i < 3; i++) globalThis.gc?.();
}

let loopDelay;
function watchLoop() {
  loopDelay ??= require('node:perf_hooks').monitorEventLoopDelay({ resolution: 1 });
  loopDelay.enable();
  loopDelay.reset();
}

function obey(command) {
  if (command === 'quit') process.exit(0);
  if (command === 'collect') collect();
  if (command === 'watch') watchLoop();
  print(command === 'watched' ? { loopDelayP99Us: loopDelay.percentile(99) / 1_000 } : usage());
}

let pending = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  pending += text;
  for (let at = pending.indexOf('\n'); at >= 0; at = pending.indexOf('\n')) {
    obey(pending.slice(0, at));
    pending = pending.slice(at + 1);
  }
});
process.stdin.on('end', () => process.exit(0));

function loadTransport() {
  if (transport !== 'iocp-net') return { net: require('node:net'), engine: undefined };
  const { engine } = require(path.join(packageRoot, 'dist', 'engine.js'));
  // Everything that is built on node:net is reached through the preload, as a program's user would.
  require(path.join(packageRoot, 'dist', 'register.js'));
  return { net: require(packageRoot), engine: engine.name };
}

const { net, engine } = loadTransport();
const { serve } = require(path.join(__dirname, '..', 'scenarios', `${scenario}.cjs`));

Promise.resolve(serve(net, parameters, { backend }))
  .then((server) => {
    const listening = () => print({ listening: server.address(), engine, version: process.version });
    if (localPath) server.listen(localPath, listening);
    else server.listen({ host: '127.0.0.1', port: 0, backlog: 2048 }, listening);
  })
  .catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  });
