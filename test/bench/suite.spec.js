'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const BENCHMARKS = path.join(__dirname, '..', '..', 'benchmarks');
const load = (...names) => import(pathToFileURL(path.join(BENCHMARKS, ...names)).href);

function sample(round, cpuUs) {
  return { round, cpuUs, rate: 1e6 / cpuUs, loadShare: 0.5, serverShare: 0.95 };
}

/** A result with one cell, in which iocp-net needs `factor` times what node:net needs. */
function resultWith(factor, options = {}) {
  const base = [10, 11, 9, 10.5, 9.5, 10.2];
  return {
    format: 1,
    version: '1.2.3',
    date: '2030-01-02T03:04:05.000Z',
    extent: 'quick',
    status: 'complete',
    machine: {
      cpu: 'A <CPU>',
      processors: 2,
      platform: 'linux',
      kernel: '1',
      architecture: 'x64',
      node: 'v1',
      libuv: '1',
    },
    settings: {},
    transports: [{ name: 'node:net' }, { name: 'iocp-net' }],
    engines: {},
    cells: [
      {
        id: 'echo/connections=50,bytes=64',
        group: 'Echo round trips',
        scenario: 'echo',
        title: '50 connections, 64 B',
        parameters: { connections: 50, bytes: 64 },
        kind: 'message',
        unit: 'message',
        rounds: base.length,
        curves: { 'node:net': [[1, 2]], 'iocp-net': [[1, 2]] },
        failed: {},
        samples: {
          'node:net': base.map((cpuUs, round) => sample(round, cpuUs)),
          'iocp-net': base.map((cpuUs, round) => sample(round, cpuUs * factor * (1 + 0.01 * (round % 2)))),
        },
      },
    ],
    ...options,
  };
}

describe('bench: options', () => {
  let parseOptions;

  before(async () => {
    ({ parseOptions } = await load('lib', 'options.mjs'));
  });

  it('are a full run by default', () => {
    const options = parseOptions([]);
    assert.equal(options.extent, 'full');
    assert.deepEqual(options.transports, []);
    assert.equal(options.budgetMs, 60 * 60_000);
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

  for (const wrong of [['--rounds', '0'], ['--budget-minutes', 'x'], ['--platform', 'mac'], ['--fast']]) {
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

describe('bench: reports', () => {
  it('show a gain in the table, and nothing where node:net would be faster', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const table = renderTable(resultWith(0.5));
    assert.match(table, /50 connections, 64 B +10\.1 µs +5\.\d+ µs {2}1\.99× \(/);
    assert.match(table, /Where node:net is faster\n +Nowhere in this run/);
  });

  it('claim nothing from few rounds', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const result = resultWith(2);
    for (const samples of Object.values(result.cells[0].samples)) samples.length = 2;
    assert.match(renderTable(result), /Where node:net is faster\n +Too few rounds to say/);
  });

  it('show a loss as plainly', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const table = renderTable(resultWith(2));
    assert.match(
      table,
      /Where node:net is faster\n +Echo round trips, 50 connections, 64 B: iocp-net .* 0\.50× \(/,
    );
  });

  it('say when there is no difference, and when the run was cut short', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const result = resultWith(0.995, { status: 'interrupted' });
    assert.match(renderTable(result), /no difference \(/);
    assert.match(renderTable(result), /This run is interrupted\./);
  });

  it('say what has failed', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const { renderPage } = await load('report', 'page.mjs');
    const { failures } = await load('lib', 'summary.mjs');
    const result = resultWith(0.5);
    assert.deepEqual(failures(result), []);
    result.cells[0].failed['iocp-net'] = { times: 2, reason: 'wrong bytes' };
    assert.match(renderTable(result), /iocp-net failed 2 times: wrong bytes/);
    assert.match(renderPage(result), /iocp-net failed 2 times: wrong bytes/);
    assert.equal(failures(result).length, 1);
  });

  it('say when the package had no engine, so that nobody takes node:net for it', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const result = resultWith(1, { engines: { 'iocp-net': 'libuv' } });
    assert.match(renderTable(result), /iocp-net has no engine here and is node:net itself/);
  });

  it('mark what the load generator has limited', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const result = resultWith(0.5);
    for (const one of result.cells[0].samples['iocp-net']) one.loadShare = 0.99;
    assert.doesNotMatch(renderTable(result), /at its limit/); // the server was busy all the time as well
    for (const one of result.cells[0].samples['iocp-net']) one.serverShare = 0.5;
    assert.match(renderTable(result), / \*\n/);
    assert.match(renderTable(result), /\* the load generator was at its limit/);
  });

  it('mark a run under Wine as no measure of Windows', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const { renderPage } = await load('report', 'page.mjs');
    const result = resultWith(0.5);
    result.machine.wine = true;
    assert.match(renderTable(result), /no measure of Windows/);
    assert.match(renderPage(result), /no measure of Windows/);
  });

  it('are one page that loads nothing', async () => {
    const { renderPage } = await load('report', 'page.mjs');
    const page = renderPage(resultWith(2));
    assert.doesNotMatch(page, /<(?:script|link|img)[^>]+(?:src|href)="(?!data:)/);
    assert.match(page, /Where node:net is faster<\/h2>\s*<ul><li>/);
    assert.match(page, /A &lt;CPU&gt;/);
    assert.equal(page.match(/<script/g).length, page.match(/<\/script>/g).length);
  });

  it('fill the section of the README between its markers', async () => {
    const { renderSection, replaceSection } = await load('lib', 'readme.mjs');
    const section = renderSection(resultWith(0.5), 'benchmarks/results/x.json');
    assert.match(section, /\| 50 connections, 64 B \(each message\) \| 10\.1 µs \| .*\*\*1\.99× \(/);
    const readme = 'a\n<!-- bench:start -->\nold\n<!-- bench:end -->\nb\n';
    const once = replaceSection(readme, section);
    assert.ok(once.startsWith('a\n') && once.endsWith('\nb\n') && !once.includes('old'));
    assert.equal(replaceSection(once, section), once);
    assert.throws(() => replaceSection('nothing', section), /lacks/);
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
