'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { needsPackages } = require('../support/ecosystem-packages.js');
const { resultWith, sample } = require('./result-with.js');

const BENCHMARKS = path.join(__dirname, '..', '..', 'benchmarks');
const load = (...names) => import(pathToFileURL(path.join(BENCHMARKS, ...names)).href);

describe('bench: options', () => {
  let parseOptions;

  before(async () => {
    ({ parseOptions } = await load('lib', 'options.mjs'));
  });

  it('are a full run by default', () => {
    const options = parseOptions([]);
    assert.equal(options.extent, 'full');
    assert.deepEqual(options.transports, []);
    assert.equal(options.budgetMs, 120 * 60_000);
    assert.equal(options.node, undefined);
  });

  it('take lists with commas or again', () => {
    const options = parseOptions([
      '--transport',
      'node:net,floor',
      '--transport',
      'bun',
      '--scenario',
      'echo',
    ]);
    assert.deepEqual(options.transports, ['node:net', 'floor', 'bun']);
    assert.deepEqual(options.scenarios, ['echo']);
  });

  it('keep a quick run below two minutes', () => {
    assert.ok(parseOptions(['--quick']).budgetMs < 2 * 60_000);
    assert.equal(parseOptions(['--quick', '--budget-minutes', '0.5']).budgetMs, 30_000);
  });

  for (const wrong of [
    ['--rounds', '0'],
    ['--budget-minutes', 'x'],
    ['--platform', 'mac'],
    ['--node', 'newest'],
    ['--fast'],
  ]) {
    it(`refuse ${wrong.join(' ')}`, () => assert.throws(() => parseOptions(wrong)));
  }
});

describe('bench: cells', () => {
  let cells;

  before(async () => {
    cells = await load('lib', 'cells.mjs');
  });

  it('have names of their own, and a scenario that serves and loads', () => {
    for (const extent of ['full', 'quick']) {
      const all = cells.allCells(extent);
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
      for (const { scenario, parameters, kind } of all) {
        const module = require(path.join(BENCHMARKS, 'scenarios', `${scenario}.cjs`));
        assert.equal(typeof module.serve, 'function', scenario);
        assert.ok(
          module.load(parameters).every((argument) => argument !== undefined),
          scenario,
        );
        assert.equal(kind === 'memory', module.memory !== undefined, scenario);
      }
    }
  });

  it('are chosen by a part of their name', () => {
    const all = cells.allCells('full');
    const chosen = cells.selectCells(all, ['http', 'churn']);
    assert.ok(chosen.length > 0 && chosen.length < all.length);
    assert.ok(chosen.every(({ id }) => /http|churn/.test(id)));
    assert.equal(cells.selectCells(all, ['http,churn']).length, chosen.length);
    const [both] = cells.selectCells(all, ['bulk both ways, 1 conn']);
    assert.deepEqual([both.scenario, both.parameters.connections], ['pipe', 1]);
    assert.equal(cells.selectCells(all, ['bulk both ways, 1 conn']).length, 1);
    assert.equal(cells.selectCells(all, []).length, all.length);
  });

  it('are chosen by their id, commas and all', () => {
    const all = cells.allCells('full');
    for (const cell of all) assert.deepEqual(cells.selectCells(all, [cell.id]), [cell]);
  });

  describe('with the packages of test/ecosystem', () => {
    needsPackages();
    it('that ask for what is not here are left out, with the reason', async () => {
      const { reasonAgainst } = await load('lib', 'capabilities.mjs');
      const reasons = (features) =>
        new Map(cells.allCells('full').map((cell) => [cell.id, reasonAgainst(cell, features)]));
      const all = reasons({ tls: true });
      assert.deepEqual([...new Set(all.values())], [undefined]);
      const plain = reasons({ tls: false });
      const over = [...plain].filter(([, reason]) => reason !== undefined).map(([id]) => id);
      assert.ok(over.length >= 10);
      assert.ok(
        over.every((id) => /^tls\/|tls=true/.test(id)),
        over.join(),
      );
      assert.match(plain.get('tls/connections=1,bytes=64'), /without OpenSSL/);
      const foreign = { scenario: 'http', parameters: { framework: 'no-such-framework', connections: 1 } };
      assert.match(reasonAgainst(foreign, { tls: true }), /the package no-such-framework is not installed/);
    });
  });

  it('of the README exist', async () => {
    const { SHOWN } = await load('lib', 'readme.mjs');
    const ids = new Set(cells.allCells('full').map(({ id }) => id));
    assert.deepEqual(
      SHOWN.filter((id) => !ids.has(id)),
      [],
    );
  });
});

describe('bench: rounds', () => {
  it('change the order of the transports, so that each comes first equally often', async () => {
    const { orderOf } = await load('lib', 'suite.mjs');
    const transports = ['a', 'b', 'c'];
    const first = { a: 0, b: 0, c: 0 };
    const follows = new Set();
    for (let round = 0; round < 12; round++) {
      const order = orderOf(transports, round);
      assert.deepEqual([...order].sort(), transports);
      first[order[0]]++;
      follows.add(order.slice(0, 2).join(''));
    }
    assert.deepEqual(first, { a: 4, b: 4, c: 4 });
    assert.ok(follows.size > 3, [...follows].join());
  });

  it('compare a transport with node:net under the same settings', async () => {
    const { baseOf } = await load('lib', 'transports.mjs');
    const names = ['node:net', 'iocp-net', 'node:net+malloc', 'iocp-net+malloc', 'node:net#2'];
    assert.equal(baseOf('node:net', names), undefined);
    assert.equal(baseOf('iocp-net', names), 'node:net');
    assert.equal(baseOf('iocp-net+malloc', names), 'node:net+malloc');
    assert.equal(baseOf('node:net+malloc', names), undefined);
    assert.equal(baseOf('node:net#2', names), 'node:net');
    assert.equal(baseOf('iocp-net', ['iocp-net']), undefined);
    const versions = ['node:net', 'node:net@22.23.3', 'iocp-net@22.23.3', 'iocp-net@24.21.0'];
    assert.equal(baseOf('iocp-net@22.23.3', versions), 'node:net@22.23.3');
    assert.equal(baseOf('iocp-net@24.21.0', versions), 'node:net');
    assert.equal(baseOf('node:net@22.23.3', versions), 'node:net');
  });

  it('have a control: node:net against itself', async () => {
    const { baseOf, withControls } = await load('lib', 'transports.mjs');
    assert.deepEqual(withControls(['node:net', 'iocp-net', 'floor']), [
      'node:net',
      'iocp-net',
      'floor',
      'node:net#2',
    ]);
    assert.deepEqual(withControls(['node:net', 'iocp-net', 'node:net#2']), [
      'node:net',
      'iocp-net',
      'node:net#2',
    ]);
    assert.deepEqual(withControls(['iocp-net']), ['iocp-net']);
    const newer = withControls(['node:net@24.21.0', 'iocp-net@24.21.0']);
    assert.deepEqual(newer.slice(2), ['node:net@24.21.0#2']);
    assert.equal(baseOf('node:net@24.21.0#2', newer), 'node:net@24.21.0');
    const malloc = ['node:net', 'iocp-net', 'node:net+malloc', 'iocp-net+malloc'];
    assert.deepEqual(withControls(malloc).slice(4), ['node:net#2']);
  });

  it('go on until the ratios are known well, in more processes than one', async () => {
    const { isSettled } = await load('lib', 'suite.mjs');
    const names = ['node:net', 'iocp-net'];
    const [known] = resultWith(0.5).cells;
    const limits = { roundsMax: 20, visitsMin: 1 };
    assert.equal(isSettled(known, names, limits), true);
    assert.equal(isSettled(known, names, { ...limits, visitsMin: 2 }), false);
    assert.equal(isSettled({ ...known, rounds: 20 }, names, { ...limits, visitsMin: 2 }), true);
    const [wide] = resultWith(0.5).cells;
    wide.samples['iocp-net'].forEach((one, i) => {
      one.cpuUs *= 1 + i / 2;
    });
    assert.equal(isSettled(wide, names, limits), false);
    for (const samples of Object.values(known.samples)) samples.length = 5;
    assert.equal(isSettled({ ...known, rounds: 5 }, names, limits), false);
  });

  it('refuse a transport that there is not', async () => {
    const { resolveTransport } = await load('lib', 'transports.mjs');
    assert.throws(() => resolveTransport('libuv'), /unknown transport/);
    assert.throws(() => resolveTransport('floor@20.0.0'), /only Node has versions/);
  });

  it('pair samples of the rounds that both have', async () => {
    const { pairedFigures } = await load('lib', 'summary.mjs');
    const cell = {
      samples: {
        a: [sample(0, 1), sample(1, 2), sample(3, 4)],
        b: [sample(1, 20), sample(2, 30), sample(3, 40)],
      },
    };
    assert.deepEqual(pairedFigures(cell, 'a', 'b', 'cpuUs'), { base: [2, 4], other: [20, 40] });
  });
});

describe('bench: comparison of two results', () => {
  let compareResults;

  before(async () => {
    ({ compareResults } = await load('lib', 'comparison.mjs'));
  });

  it('finds nothing between a result and itself', () => {
    const comparisons = compareResults(resultWith(0.5), resultWith(0.5));
    assert.deepEqual(
      comparisons.map(({ transport, relative, ratio }) => [transport, relative, ratio.verdict]),
      [
        ['node:net', undefined, 'no difference'],
        ['iocp-net', 'node:net', 'no difference'],
      ],
    );
  });

  it('leaves out what changed on the machine between the runs', () => {
    const slower = resultWith(0.5);
    for (const samples of Object.values(slower.cells[0].samples)) {
      for (const one of samples) one.cpuUs *= 3;
    }
    const [direct, relative] = compareResults(resultWith(0.5), slower);
    assert.equal(direct.ratio.verdict, 'worse');
    assert.equal(relative.ratio.verdict, 'no difference');
  });

  it('finds what changed in the package', () => {
    const [, relative] = compareResults(resultWith(0.5), resultWith(0.4));
    assert.equal(relative.ratio.verdict, 'better');
    assert.ok(Math.abs(relative.ratio.ratio - 1.25) < 0.01, String(relative.ratio.ratio));
  });
});
