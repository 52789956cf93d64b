#!/usr/bin/env node
// The command `iocp-net`.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { examine, isHealthy, render } from './doctor.js';

const HELP = `usage: iocp-net COMMAND

  doctor [--json]   which engine carries the sockets here, why, and what to do; exit code 1 when it is not one of our
                    own, or does not work
  doctor [--json] -- COMMAND
                    runs the command (node app.js) with the package preloaded, and reports at its end what was carried,
                    what was not, and why; exit code of the command
  build             builds the engine from the sources in the package, where no prebuilt one fits (Linux); says what is missing
  bench [options]   compares node:net, iocp-net and other runtimes on this machine; bench --help lists the options;
                    outside of a checkout it needs the package iocp-net-bench
  --version         the version of the package
  --help            this text
`;

const DOCTOR_HELP = `usage: iocp-net doctor [--json] [-- COMMAND]

Says which engine carries the sockets here, why, and what to do. With a command (node app.js): runs it with the package
preloaded, and reports when it ends, by Ctrl+C too, what was carried, what was not, and why.

  --json   the report as JSON on stdout; what the command writes to stdout then goes to stderr
  --help   this text

The exit code is 1 when there is no engine, or it does not work; with a command it is the command's.
`;

const BENCH_HELP = `usage: iocp-net bench [options]

Compares node:net, iocp-net and other runtimes on this machine. The suite is a package of its own; with it this command
lists its options:

  npm install --no-save iocp-net-bench && npx iocp-net bench --help
`;

async function doctor(all: string[]): Promise<number> {
  const at = all.indexOf('--');
  const args = at === -1 ? all : all.slice(0, at);
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(DOCTOR_HELP);
    return 0;
  }
  if (at !== -1) {
    const { renderRun, runObserved } = require('./doctor-run.js') as typeof import('./doctor-run.js');
    const result = await runObserved(all.slice(at + 1), values.json ? 2 : 1);
    process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : renderRun(result));
    return result.code;
  }
  const report = await examine();
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : render(report));
  return isHealthy(report) ? 0 : 1;
}

/** The suite of a checkout, or of the package iocp-net-bench beside the program or beside us. */
function benchSuite(): string | undefined {
  const own = path.join(__dirname, '..', 'benchmarks', 'run.mjs');
  if (fs.existsSync(own)) return own;
  try {
    const paths = [process.cwd(), __dirname];
    return require.resolve('iocp-net-bench/benchmarks/run.mjs', { paths });
  } catch {
    return undefined;
  }
}

async function bench(args: string[]): Promise<number> {
  const suite = benchSuite();
  if (suite !== undefined) return script(suite, args);
  if (!args.includes('--help') && !args.includes('-h')) {
    throw new Error(
      'the benchmark suite is a package of its own: npm install --no-save iocp-net-bench, then this command again',
    );
  }
  process.stdout.write(BENCH_HELP);
  return 0;
}

/** Runs a script in a process of its own; the exit code. */
function script(file: string, args: string[]): Promise<number> {
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
  process.on('SIGINT', () => {}); // the script gets it too, and ends in order
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function main([command, ...rest]: string[]): Promise<number> {
  switch (command) {
    case 'doctor':
      return doctor(rest);
    case 'bench':
      return bench(rest);
    case 'build':
      return script(path.join(__dirname, '..', 'scripts', 'build.cjs'), rest);
    case '--version':
    case '-v':
      process.stdout.write(`${(require('../package.json') as { version: string }).version}\n`);
      return 0;
    case '--help':
    case '-h':
      process.stdout.write(HELP);
      return 0;
    default:
      process.stderr.write(command === undefined ? HELP : `iocp-net: no command '${command}'\n${HELP}`);
      return 1;
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`iocp-net: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
