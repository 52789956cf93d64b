'use strict';

// docs/the-path.md cannot rot: its code is cut out of examples/the-path, what it says was printed is printed, and the
// program that it ends with runs as it is on node:net and on the port.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { choice, packageRoot } = require('../support/transports.js');
const { run } = require('../support/program.js');

const FOLDER = 'examples/the-path';
const PROGRAM = path.join(packageRoot, 'build-examples-win32-x64', 'programs', 'the-path.exe');

// Where Windows is known to answer differently from Wine both are right.
const LINES = [
  'a socket before WSAStartup: WSANOTINITIALISED (10093)',
  'WSAStartup 2.2: worked',
  'a completion port for a socket without WSA_FLAG_OVERLAPPED: ERROR_INVALID_PARAMETER (87)',
  'a completion port for one with it: worked',
  'listen before bind: WSAEINVAL (10022)',
  'bind, then listen: worked',
  'bind to a port that is taken: WSAEADDRINUSE (10048)',
  'the listener joins the port: worked',
  'the listener joins another one: ERROR_INVALID_PARAMETER (87)',
  'packets before anything was started: 0',
  'AcceptEx with nobody there: WSA_IO_PENDING (997)',
  'packets after a client has connected: 1, and it is our AcceptEx: yes',
  /^getpeername before SO_UPDATE_ACCEPT_CONTEXT: (worked|WSAENOTCONN \(10057\))$/,
  'getpeername after it: worked',
  'a receive of zero bytes from a quiet peer: WSA_IO_PENDING (997)',
  'its packet brings 0 bytes',
  'and 5 wait to be received: hello',
  /^CancelIoEx with nothing under way: (worked|ERROR_NOT_FOUND \(1168\))$/,
  'a receive: WSA_IO_PENDING (997)',
  'CancelIoEx: worked',
  'operations in flight after CancelIoEx: 1',
  'its packet says: ERROR_OPERATION_ABORTED (995)',
  'operations in flight after its packet: 0',
  'another receive: WSA_IO_PENDING (997)',
  'the packet leads to memory that was given back: yes',
  'and the system has written there: 0xdddddddd became 0xc0000120',
  'the end of the path',
];

const lines = (text) => text.replaceAll('\r\n', '\n').split('\n');
const read = (file) => lines(fs.readFileSync(path.join(packageRoot, file), 'utf8'));

/** The lines between `// [name]` and `// [/name]`, without their common indentation. */
function region(file, name) {
  const all = read(file);
  const begin = all.findIndex((line) => line.trim() === `// [${name}]`);
  const end = all.findIndex((line) => line.trim() === `// [/${name}]`);
  assert.ok(begin >= 0 && end > begin, `${file} has no region ${name}`);
  const body = all.slice(begin + 1, end);
  const indent = Math.min(...body.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  return body.map((line) => line.slice(indent));
}

/** The page's blocks, each with the comment above it. */
function blocks() {
  const found = [];
  const all = read('docs/the-path.md');
  for (let at = 0; at < all.length; at++) {
    if (!all[at].startsWith('```')) continue;
    const end = all.indexOf('```', at + 1);
    assert.ok(end > at, 'a block of docs/the-path.md is not closed');
    found.push({ comment: all[at - 1], language: all[at].slice(3), body: all.slice(at + 1, end) });
    at = end;
  }
  return found;
}

describe('docs/the-path.md', () => {
  it('shows the code that is in the examples, and all of it', () => {
    const shown = new Set();
    for (const { comment, language, body } of blocks()) {
      if (language !== 'cpp' && language !== 'js') continue;
      const [, file, name] =
        /^<!-- (\S+): (\S+) -->$/.exec(comment) ?? assert.fail(`no source for: ${body[0]}`);
      const wanted = name === 'all' ? read(file).slice(0, -1) : region(file, name);
      assert.deepEqual(body, wanted, `${file}: ${name}`);
      shown.add(`${file}: ${name}`);
    }
    for (const file of fs
      .readdirSync(path.join(packageRoot, FOLDER))
      .filter((name) => name.endsWith('.cc'))) {
      for (const [, name] of read(`${FOLDER}/${file}`)
        .join('\n')
        .matchAll(/\/\/ \[(\w[\w-]*)\]/g)) {
        assert.ok(shown.has(`${FOLDER}/${file}: ${name}`), `${file}: ${name} is not shown`);
      }
    }
  });

  it('quotes only what is printed, in that order', () => {
    let at = 0;
    for (const { comment, language, body } of blocks()) {
      if (language !== 'text' || comment !== '<!-- output -->') continue;
      for (const line of body) {
        const found = LINES.indexOf(line, at);
        assert.ok(found >= 0, `not printed, or not here: ${line}`);
        at = found + 1;
      }
    }
    assert.ok(at > LINES.length / 2);
  });

  it('names files that exist', () => {
    for (const [, link] of read('docs/the-path.md')
      .join('\n')
      .matchAll(/\]\(\.\.\/([^)]+)\)/g)) {
      assert.ok(fs.existsSync(path.join(packageRoot, link)), link);
    }
  });

  it('ends with a program that says the same with and without the port', async () => {
    const quoted = blocks().find(({ comment }) => comment === '<!-- output of hello.js -->').body;
    const sides = { node: ['none'], ours: ['require', 'import'], both: ['none', 'require', 'import'] }[
      choice
    ];
    for (const preload of sides) {
      const { code, stdout, stderr } = await run({ file: `${FOLDER}/hello.js`, preload });
      assert.deepEqual(
        { code, stdout: lines(stdout), stderr },
        { code: 0, stdout: [...quoted, ''], stderr: '' },
      );
    }
  }).timeout(60_000);

  if (process.platform === 'win32') {
    it('says what the program prints here', () => {
      assert.ok(fs.existsSync(PROGRAM), `${PROGRAM} was not built (npm run test:windows builds it)`);
      const { status, stdout } = spawnSync(PROGRAM, { encoding: 'utf8', timeout: 60_000 });
      const printed = lines(stdout).slice(0, -1);
      for (const [at, wanted] of LINES.entries()) {
        if (typeof wanted === 'string') assert.equal(printed[at], wanted);
        else assert.match(printed[at], wanted);
      }
      assert.deepEqual([status, printed.length], [0, LINES.length]);
    }).timeout(90_000);
  }
});
