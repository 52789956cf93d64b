'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { resultWith } = require('./result-with.js');

const BENCHMARKS = path.join(__dirname, '..', '..', 'benchmarks');
const load = (...names) => import(pathToFileURL(path.join(BENCHMARKS, ...names)).href);

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

  it('distinguishes "no difference" from not knowing', async () => {
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

  it('say in the README what is gained, equal and lost, and draw it', async () => {
    const { gainsOf, gainsSentence, lossesSentence } = await load('lib', 'gains.mjs');
    const { summarizeAll } = await load('lib', 'summary.mjs');
    const { gainsPicture } = await load('report', 'gains.mjs');
    const gains = (factor) => gainsOf(summarizeAll(resultWith(factor)));
    assert.match(
      gainsSentence(gains(0.5)),
      /takes 1\.99 times iocp-net's processor time for TCP \(echo of 64 B\)\.$/,
    );
    assert.match(gainsSentence(gains(1)), /shows no gain\.\nNo difference: echo of 64 B\.$/);
    assert.match(gainsSentence(gains(2)), /`node:net` is ahead: echo of 64 B \(0\.50 times\)\.$/);
    assert.equal(
      lossesSentence(gains(2), 'On Node 26.0.0'),
      'On Node 26.0.0 `node:net` is ahead: echo of 64 B (0.50 times).',
    );
    assert.equal(lossesSentence(gains(0.5), 'On Node 26.0.0'), undefined);
    const picture = gainsPicture(gains(0.5), { date: '2026-01-02T00:00:00Z', node: 'v20.0.0' });
    assert.match(picture, /class="better".*>1\.99×<.*2026-01-02, Node 20\.0\.0/s);
  });

  it('say in the README when a run did not come to its end', async () => {
    const { renderSection } = await load('lib', 'readme.mjs');
    const section = (status) => renderSection({ ...resultWith(0.5), status }, 'x.json');
    assert.match(section('interrupted'), /^That run is interrupted: .*rounds until then\.$/m);
    assert.doesNotMatch(section('complete'), /That run is/);
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
      /Not in the table, since their interval is wider than ±10 %: echo, 50 connections, 64 B \(each message\)\./,
    );
  });

  it('have the ratios on other versions of Node in the README', async () => {
    const { renderSection } = await load('lib', 'readme.mjs');
    const { summarizeAll } = await load('lib', 'summary.mjs');
    const sectionWith = (factor) => {
      const newer = resultWith(factor);
      newer.machine.node = 'v24.1.0';
      const others = [{ result: newer, file: 'x-node24.json', summaries: summarizeAll(newer) }];
      return renderSection(resultWith(0.5), 'x.json', others);
    };
    const section = sectionWith(0.25);
    assert.match(
      section,
      /\| \| Node 24\.1\.0 \|\n\|---\|---\|\n\| echo, 50 connections, 64 B \(each message\) \| 3\.98× \(/,
    );
    assert.match(section, /\[`x-node24\.json`\]\(x-node24\.json\)/);
    assert.doesNotMatch(section, /^- Node/m);
    assert.match(
      sectionWith(2),
      /: nowhere, by the 95 % interval\.\n- Node 24\.1\.0: .*64 B: iocp-net has 0\.50× \(/,
    );
  });
});
