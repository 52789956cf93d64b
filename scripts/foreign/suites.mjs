// The suites that are run: where their tests lie and which runner they are written for.
//
//   name      of the suite, for --suite, --folder and the list of known differences
//   npm       name@version of a tarball that contains the tests; without it the suite needs a folder
//   within    folder of the package inside of a checkout that holds several
//   runner    one of runners.mjs
//   files     patterns of the test files
//   except    patterns of files that are not run, each with the reason
//   batch     how many files one process runs; 1 if nothing is said
//   execArgv  options of node
//   args      options of the runner
//   options   what its scripts put into NODE_OPTIONS
//   env       variables, or a function that makes them from the ports of `servers`
//   servers   real servers that it needs, by their names in test/ecosystem/support/servers.js, with their settings
//   before    scripts of its own that prepare those servers, run plainly once
//   inMemory  true where no test opens a connection: the port has nothing to carry
//   node      the smallest major version of Node that it runs on
//   timeoutMs for one process
const MINUTE_MS = 60_000;

export const suites = [
  {
    name: 'undici',
    runner: 'node:test',
    files: [
      'test/*.js',
      'test/{busboy,cache,cache-interceptor,cookie,eventsource,fetch,infra,interceptors,node-test,subresource-integrity,webidl}/*.js',
      'test/{node-fetch,websocket}/**/*.js',
    ],
    except: {
      'test/node-fetch/utils/**': 'helpers',
      'test/interceptors/dns.js': 'asks name servers of the internet',
    },
    execArgv: ['--expose-gc'],
    node: 22,
  },
  {
    name: 'socket.io-client',
    within: 'packages/socket.io-client',
    runner: 'mocha',
    files: ['test/index.ts'],
    args: ['--import=tsx', '--require', 'test/support/hooks.ts', '--exit'],
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'tedious',
    runner: 'mocha',
    files: ['test/unit/*.ts', 'test/unit/{token,tracking-buffer}/*.ts'],
    node: 22,
  },
  { name: 'aedes', npm: 'aedes@1.2.0', runner: 'node:test', files: ['test/*.js', 'test/*.cjs'] },
  {
    name: 'got',
    runner: 'ava',
    files: ['test/*.ts'],
    except: { 'test/*.types.ts': 'types alone' },
    options: '--import=tsx/esm',
    node: 22,
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: '@mswjs/interceptors',
    runner: 'vitest',
    files: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    except: {
      'test/**/*.browser.test.ts': 'runs in a browser',
      'test/**/*.neutral.test.ts': 'runs in a browser',
      'test/**/*.memory.test.ts': 'measures the heap',
    },
    args: ['--project', 'unit', '--project', 'node', '--no-file-parallelism'],
    batch: 20,
    node: 22,
    timeoutMs: 10 * MINUTE_MS,
  },
  { name: 'ws', runner: 'mocha', files: ['test/*.test.js'], args: ['--throw-deprecation'] },
  {
    name: 'express',
    runner: 'mocha',
    files: ['test/*.js', 'test/acceptance/*.js'],
    args: ['--require', 'test/support/env', '--check-leaks'],
    batch: 100,
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'fastify',
    npm: 'fastify@5.12.8',
    runner: 'node:test',
    files: ['test/**/*.test.js', 'test/**/*.test.mjs'],
    except: { 'test/bundler/**': 'needs bundlers that are installed apart' },
  },
  {
    name: 'nodemailer',
    runner: 'node:test',
    files: ['test/**/*-test.js', 'test/**/*.test.js'],
    except: { 'test/ethereal-test.js': 'sends over the internet' },
  },
  { name: 'koa', runner: 'node:test', files: ['__tests__/**/*.test.js'] },
  {
    name: 'socket.io',
    within: 'packages/socket.io',
    runner: 'mocha',
    files: ['test/index.ts'],
    args: ['--import=tsx', '--slow', '200', '--timeout', '10000', '--exit'],
    timeoutMs: 10 * MINUTE_MS,
  },
  {
    name: 'engine.io',
    within: 'packages/engine.io',
    runner: 'mocha',
    files: ['test/*.js'],
    args: ['--exit'],
    batch: 100,
    timeoutMs: 10 * MINUTE_MS,
  },
  {
    name: 'mysql2',
    runner: 'script',
    execArgv: ['--import=tsx'], // its .mts files import each other as .mjs
    files: ['test/unit/**/*.test.{mts,ts,mjs,cjs,js}', 'test/integration/**/*.test.{mts,ts,mjs,cjs,js}'],
    servers: { mariadb: {} },
    before: ['tools/create-db.js'],
    env: ({ mariadb }) => ({ MYSQL_HOST: '127.0.0.1', MYSQL_PORT: String(mariadb), MYSQL_USER: 'root' }),
    node: 22,
  },
  {
    name: 'ioredis',
    runner: 'mocha',
    files: ['test/unit/**/*.ts', 'test/functional/**/*.ts'],
    args: ['--no-experimental-strip-types', '--file', 'test/helpers/global.ts'],
    env: { TS_NODE_TRANSPILE_ONLY: 'true', NODE_ENV: 'test' },
    batch: 40,
    timeoutMs: 5 * MINUTE_MS,
    servers: { redis: { port: 6379 } }, // its tests connect to Redis' own port
    node: 22,
  },
  {
    name: 'pg-pool',
    within: 'packages/pg-pool',
    runner: 'mocha',
    files: ['test/*.js'],
    servers: { postgres: {} },
    env: ({ postgres }) => postgresEnvironment(postgres),
  },
  {
    name: 'pg',
    within: 'packages/pg',
    runner: 'script',
    files: ['test/unit/**/*-tests.js', 'test/integration/**/*-tests.js'],
    servers: { postgres: {} },
    env: ({ postgres }) => postgresEnvironment(postgres),
  },
  {
    name: 'mqtt',
    runner: 'node:test',
    files: ['test/node/*.ts'],
    execArgv: ['--require', 'esbuild-register'],
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'ssh2',
    npm: 'ssh2@1.17.0',
    runner: 'script',
    files: ['test/test-*.js'],
  },
  { name: 'mitm', runner: 'mocha', files: ['test/*_test.js'], inMemory: true },
  {
    name: 'nock',
    runner: 'mocha',
    files: ['tests/**/test_*.js'],
  },
];

function postgresEnvironment(port) {
  return {
    PGHOST: '127.0.0.1',
    PGPORT: String(port),
    PGUSER: 'tester',
    PGDATABASE: 'postgres',
    PGTESTNOSSL: 'true',
  };
}
