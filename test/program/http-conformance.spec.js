'use strict';

// Malformed and unusual HTTP as raw bytes (fixtures/http1-cases.js, http2-cases.js), to Node's own servers, over node:net and
// over the preload: the same bytes come back, and the server reports the same, however what is sent is cut into pieces.

const assert = require('node:assert/strict');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');
const { run } = require('../support/program.js');
const { choice } = require('../support/transports.js');
const { isWindows } = require('../support/local-names.js');

const file = path.join(__dirname, 'fixtures', 'http-conformance.js');
const CASES = {
  http1: require('./fixtures/http1-cases.js'),
  http2: require('./fixtures/http2-cases.js'),
};
const SEED = String(Math.floor(Math.random() * 2 ** 32));
/** A busy machine may put two pieces into one read: what differs counts when it comes back. */
const RUNS = 3;

/** What one process has seen of all cases; over the preload the engine has carried them, but for servers of http2. */
async function seen(args, preload) {
  const { code, stdout, stderr } = await run({ file, args, preload });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const { results, uncaught, acceptedEndpoints, connectedEndpoints } = JSON.parse(stdout);
  assert.deepEqual(uncaught, []);
  if (preload !== 'none') {
    const count = Object.keys(results).length;
    const accepted = args[0] === 'http2' ? 0 : count;
    assert.deepEqual(
      { acceptedEndpoints, connectedEndpoints },
      { acceptedEndpoints: accepted, connectedEndpoints: count },
    );
  }
  return results;
}

/** Runs the two ways until no case differs; a case is the same when it was in one of the runs. */
async function compare(args, titles) {
  const runs = [];
  let different = titles;
  while (different.length > 0 && runs.length < RUNS) {
    const ways = [seen(args, 'none'), ...(choice === 'node' ? [] : [seen(args, 'require')])];
    const [expected, actual] = await Promise.all(ways);
    runs.push({ expected, actual });
    if (choice === 'node') return { runs, different: [] };
    different = different.filter((title) => !isDeepStrictEqual(actual[title], expected[title]));
    for (const title of different) console.log(`      differed, run ${runs.length}: ${title}`);
  }
  return { runs, different };
}

function suite(title, kind, args) {
  describe(title, () => {
    const cases = CASES[kind.slice(0, 5)];
    const titles = cases.map((one) => one.title);
    let result;
    before(async () => {
      result = await compare(args, titles);
    });

    it('each case has a title of its own, and an answer or an event', () => {
      assert.equal(new Set(titles).size, titles.length);
      const [{ expected }] = result.runs;
      for (const one of titles) assert.ok(expected[one].events.length > 1, one);
      const answers = titles.filter((one) => expected[one].received !== '');
      assert.ok(answers.length > titles.length / 2, `${answers.length} answers`);
    });

    for (const one of titles) {
      it(one, () => {
        const { expected, actual } = result.runs.at(-1);
        if (result.different.includes(one)) assert.deepEqual(actual[one], expected[one]);
      });
    }
  });
}

// Under Wine node:net itself now and then loses the end of a connection.
if (!isWindows) {
  describe('raw HTTP', function () {
    this.timeout(180_000);
    for (const kind of ['http1', 'http2', 'http2 over net']) {
      suite(`${kind}, sent at once`, kind, [kind]);
      suite(`${kind}, in pieces from seed ${SEED}`, kind, [kind, SEED]);
    }
  });
}
