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
    format: 2,
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
    leftOut: [],
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
        visits: 1,
        warmUps: {},
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

describe('bench: the steady state', () => {
  let steady;

  before(async () => {
    steady = await load('lib', 'steady.mjs');
  });

  it('is when the windows have stopped falling', () => {
    assert.equal(steady.isSteady([10, 10, 10], 2), false, 'too few windows to say');
    assert.equal(steady.isSteady([67, 40, 20, 15], 2), false);
    assert.equal(steady.isSteady([67, 40, 20, 15, 15.1, 14.9], 2), true);
    assert.equal(steady.isSteady([67, 15, 15, 14], 2), false, 'still a step of 7 %');
    assert.equal(steady.isSteady([15, 15, 90, 15], 2), true, 'a disturbed window is none that falls');
    assert.equal(steady.isSteady([15, 15, 90, 80], 2), true);
  });

  it('ends the warm-up, and not before', async () => {
    const falling = [60, 30, 20, 16, 15, 15, 15, 15, 15];
    let at = 0;
    const warm = await steady.warmUp({ window: async () => falling[at++], windowsMin: 2, windowsMax: 50 });
    assert.deepEqual(warm, { windows: 7, firstUs: 60, lastUs: 15, steady: true });
  });

  it('may never come: the warm-up says so and ends', async () => {
    let figure = 1e6;
    const window = async () => (figure /= 2);
    const warm = await steady.warmUp({ window, windowsMin: 2, windowsMax: 12 });
    assert.deepEqual([warm.windows, warm.steady], [12, false]);
  });

  it('is not judged by windows in which nothing came back', async () => {
    const figures = [undefined, undefined, 5, undefined, 5];
    const warm = await steady.warmUp({ window: async () => figures.shift(), windowsMin: 1, windowsMax: 50 });
    assert.deepEqual(warm, { windows: 5, firstUs: 5, lastUs: 5, steady: true });
  });

  it('is not waited for when the run is to end', async () => {
    let windows = 0;
    const window = async () => 1 / ++windows;
    const warm = await steady.warmUp({
      window,
      windowsMin: 2,
      windowsMax: 50,
      isStopped: () => windows === 3,
    });
    assert.deepEqual([warm.windows, warm.steady], [3, false]);
  });
});

describe('bench: the machine', () => {
  it("tells stolen time and other processes from the suite's own", async () => {
    const { disturbance, parseProcessors } = await load('lib', 'watch.mjs');
    const before = parseProcessors('cpu  100 1 50 9000 7 2 3 4 0 0\ncpu0 1 2 3\n');
    assert.deepEqual(before, { busyUs: 1_560_000, stolenUs: 40_000 });
    const after = parseProcessors('cpu  160 1 80 9100 7 2 13 14 0 0\ncpu0 1 2 3\n');
    // One second, in which the suite worked 0.75 s of the 1 s that the processors did.
    assert.deepEqual(disturbance(before, after, 750_000, 1_000_000), {
      stolenShare: 0.1,
      foreignShare: 0.25,
    });
    assert.equal(disturbance(before, after, 1_200_000, 1_000_000).foreignShare, 0);
    assert.deepEqual(disturbance(undefined, undefined, 1, 1), {});
  });

  it('is said not to have been quiet when it was not', async () => {
    const { machineLoad, warnings } = await load('lib', 'summary.mjs');
    const result = resultWith(0.5);
    assert.equal(machineLoad(result), undefined, 'nothing was watched');
    const all = Object.values(result.cells[0].samples).flat();
    for (const one of all) Object.assign(one, { stolenShare: 0, foreignShare: 0.01 });
    assert.ok(!warnings(result).some((line) => /not quiet/.test(line)));
    for (const one of all) one.foreignShare = 0.5;
    assert.ok(warnings(result).some((line) => /not quiet.*Other processes took 50\.0 %/.test(line)));
    for (const one of all) Object.assign(one, { stolenShare: 0.2, foreignShare: 0 });
    assert.ok(warnings(result).some((line) => /not quiet.*hypervisor took away 20\.0 %/.test(line)));
  });
});

describe('bench: verdict', () => {
  /** resultWith, and the control: node:net#2 needs `factor` times what node:net needs. */
  function withControl(result, factor) {
    result.transports.push({ name: 'node:net#2' });
    const { samples } = result.cells[0];
    samples['node:net#2'] = samples['node:net'].map((one) => ({ ...one, cpuUs: one.cpuUs * factor }));
    return result;
  }

  async function sentences(result) {
    const { summarizeAll } = await load('lib', 'summary.mjs');
    const { verdictSentences } = await load('lib', 'verdict.mjs');
    return verdictSentences(result, summarizeAll(result));
  }

  it('counts cells, and gives a size where it is known', async () => {
    const [first] = await sentences(resultWith(0.5));
    assert.equal(
      first,
      'iocp-net needs less than node:net in 1 of 1 cell (1.99× at the median of the 1 known to ±10 %); more in none.',
    );
    assert.match((await sentences(resultWith(2)))[0], /in 0 of 1 cell; more in 1\./);
    assert.match((await sentences(resultWith(0.995)))[0], /more in none; the same in 1\./);
  });

  it('is none from too few rounds, or without node:net', async () => {
    const few = resultWith(0.5);
    for (const samples of Object.values(few.cells[0].samples)) samples.length = 5;
    assert.deepEqual(await sentences(few), ['No verdict on iocp-net: no cell has enough rounds.']);
    const alone = resultWith(0.5);
    alone.transports = [{ name: 'iocp-net' }];
    assert.deepEqual(await sentences(alone), ['No verdict: nothing was compared with node:net.']);
  });

  it('tells "no difference" from not knowing', async () => {
    const result = resultWith(1);
    result.cells[0].samples['iocp-net'].forEach((one, i) => {
      one.cpuUs *= i % 2 === 0 ? 1.4 : 0.7;
    });
    assert.match((await sentences(result))[0], /1 undecided, with intervals wider than ±10 %/);
    const { renderTable } = await load('lib', 'table.mjs');
    assert.match(renderTable(result), /undecided \(0\.\d\d–1\.\d\d\)/);
  });

  it('takes for noise what node:net against itself shows as well', async () => {
    const { summarizeAll } = await load('lib', 'summary.mjs');
    const ratioOf = (result) => summarizeAll(result)[0].rows['iocp-net'].ratio;
    assert.equal(ratioOf(withControl(resultWith(0.95), 1)).verdict, 'better');
    // The control is 8 % apart, where iocp-net is 5 % ahead.
    const noisy = withControl(resultWith(0.95), 1.08);
    assert.notEqual(ratioOf(noisy).verdict, 'better');
    assert.ok(Math.abs(ratioOf(noisy).widenedBy - 1.08) < 1e-9);
    assert.equal(ratioOf(withControl(resultWith(0.5), 1.08)).verdict, 'better');
    assert.match(
      (await sentences(noisy))[1],
      /The control, node:net against itself: 8\.0 % apart at the median.*in 1 of 1 cell by more than its interval/,
    );
    assert.match(
      (await sentences(withControl(resultWith(1), 1)))[1],
      /against itself: 0\.0 % apart at the median, 0\.0 % at most\.$/,
    );
  });

  it('comes last in the table and first in the page; that a quick run may claim little, once', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const { renderPage } = await load('report', 'page.mjs');
    const result = resultWith(0.5);
    assert.match(renderTable(result), /more in none\.$/);
    assert.doesNotMatch(renderTable(result), /may claim little/); // the command has said so at its top
    const page = renderPage(result);
    assert.match(page, /<h1>[^<]*<\/h1>\s*<section class="verdict"><p><strong>iocp-net needs less/);
    assert.equal(page.match(/may claim little/g).length, 1);
  });
});

describe('bench: reports', () => {
  it('say what was left out, what was not reached, and what did not become steady', async () => {
    const { renderTable } = await load('lib', 'table.mjs');
    const result = resultWith(0.5, {
      leftOut: [{ id: 'x', group: 'TLS', title: 'echo', reason: 'no OpenSSL' }],
    });
    result.cells.push({ ...result.cells[0], id: 'y', title: 'another', samples: {}, curves: {} });
    result.cells[0].warmUps = {
      'iocp-net': [{ windows: 60, steady: false }],
      'node:net': [{ steady: true }],
    };
    const table = renderTable(result);
    assert.match(table, /Left out: TLS, echo: no OpenSSL\./);
    assert.match(table, /Not reached: Echo round trips, another\./);
    assert.match(table, /Not steady .*: Echo round trips, 50 connections, 64 B: iocp-net\./);
  });

  it('draw each interval across the end of its bar', async () => {
    const { renderPage } = await load('report', 'page.mjs');
    const page = renderPage(resultWith(2));
    const [, width] = /class="bar c1" style="width:([\d.]+)%/.exec(page);
    const [, left, extent] = /class="interval" style="left:([\d.]+)%;width:([\d.]+)%/.exec(page);
    assert.ok(Number(left) <= Number(width) && Number(width) <= Number(left) + Number(extent));
    assert.ok(Number(left) + Number(extent) <= 100.01);
  });

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
    assert.match(section, /\| echo, 50 connections, 64 B \(each message\) \| 10\.1 µs \| .*\*\*1\.99× \(/);
    const readme = 'a\n<!-- bench:start -->\nold\n<!-- bench:end -->\nb\n';
    const once = replaceSection(readme, section);
    assert.ok(once.startsWith('a\n') && once.endsWith('\nb\n') && !once.includes('old'));
    assert.equal(replaceSection(once, section), once);
    assert.throws(() => replaceSection('nothing', section), /lacks/);
  });

  it('publish no row in the README whose interval is wide', async () => {
    const { renderSection } = await load('lib', 'readme.mjs');
    const result = resultWith(0.5);
    result.cells[0].samples['iocp-net'].forEach((one, i) => {
      one.cpuUs *= i % 2 === 0 ? 1.3 : 1;
    });
    const section = renderSection(result, 'x.json');
    assert.doesNotMatch(section, /^\| echo/m);
    assert.match(
      section,
      /Not published, since their interval is wider than ±10 %: echo, 50 connections, 64 B \(each message\)\./,
    );
  });

  it('have the ratios on other versions of Node in the README', async () => {
    const { renderSection } = await load('lib', 'readme.mjs');
    const newer = resultWith(0.25);
    newer.machine.node = 'v24.1.0';
    const section = renderSection(resultWith(0.5), 'x.json', [{ result: newer, file: 'x-node24.json' }]);
    assert.match(
      section,
      /\| \| Node 24\.1\.0 \|\n\|---\|---\|\n\| echo, 50 connections, 64 B \(each message\) \| 3\.98× \(/,
    );
    assert.match(section, /\[`x-node24\.json`\]\(x-node24\.json\)/);
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
