#!/usr/bin/env node
// The benchmark suite: npm run bench, or iocp-net bench. See docs/benchmarks.md.
import fs from 'node:fs';
import path from 'node:path';
import { loadFeatures, reasonAgainst } from './lib/capabilities.mjs';
import { allCells, isLarge, selectCells } from './lib/cells.mjs';
import { choosePinning, describeMachine } from './lib/machine.mjs';
import { HELP, parseOptions } from './lib/options.mjs';
import { folders } from './lib/places.mjs';
import { prepare } from './lib/prepare.mjs';
import { Progress } from './lib/progress.mjs';
import { newResult, resumeResult, writeResult, writeWhole } from './lib/result.mjs';
import { Suite } from './lib/suite.mjs';
import { failures, QUICK_SENTENCE } from './lib/summary.mjs';
import { renderTable } from './lib/table.mjs';
import { installedTransports, nodeProgram, resolveTransport, withControls } from './lib/transports.mjs';
import { findCharts, renderPage } from './report/page.mjs';

const QUICK_TRANSPORTS = ['node:net', 'iocp-net'];
const MALLOC_TRANSPORTS = ['node:net+malloc', 'iocp-net+malloc'];

function chooseTransports(options, cells) {
  const resolve = (names) =>
    withControls(names).map((name) => resolveTransport(name, { node: options.node }));
  if (options.transports.length > 0) return resolve(options.transports);
  const names = options.extent === 'quick' ? QUICK_TRANSPORTS : installedTransports();
  const malloc = process.platform === 'linux' && options.extent === 'full' && cells.some(isLarge);
  return resolve([...names, ...(malloc ? MALLOC_TRANSPORTS : [])]);
}

/** The cells that can run here, and the others with the reason. */
function splitCells(cells, loadProgram) {
  const features = loadFeatures(loadProgram);
  const judged = cells.map((cell) => ({ cell, reason: reasonAgainst(cell, features) }));
  return {
    runnable: judged.filter(({ reason }) => reason === undefined).map(({ cell }) => cell),
    leftOut: judged
      .filter(({ reason }) => reason !== undefined)
      .map(({ cell: { id, group, title }, reason }) => ({ id, group, title, reason })),
  };
}

function packageVersion() {
  return JSON.parse(fs.readFileSync(path.join(folders.package, 'package.json'), 'utf8')).version;
}

function listCells(cells) {
  for (const { group, title, id } of cells) process.stdout.write(`${group}: ${title}  [${id}]\n`);
}

/** The first Ctrl+C ends after the measurement that is under way, the second at once. */
function obeySignals(suite) {
  process.once('SIGINT', () => {
    suite.stop();
    process.once('SIGINT', () => process.exit(130));
  });
  process.once('SIGTERM', () => suite.stop());
}

async function runSuite(options) {
  const cells = selectCells(allCells(options.extent), options.scenarios);
  if (cells.length === 0) throw new Error(`no cell is called ${options.scenarios.join(' or ')}: --list`);
  if (options.list) return listCells(cells);

  if (options.html !== undefined) findCharts(); // fails now rather than at the end
  const { loadProgram } = await prepare();
  const { runnable, leftOut } = splitCells(cells, loadProgram);
  const transports = chooseTransports(options, runnable);
  const { durations, budgetMs, roundsMax, visitRounds, visitsMin } = options;
  const pinning = options.pin ? choosePinning() : undefined;
  const settings = { loadProgram, durations, budgetMs, roundsMax, visitRounds, visitsMin, pinning };
  const machine = describeMachine(nodeProgram(options.node));
  const result =
    options.resume === undefined
      ? newResult({
          cells: runnable,
          leftOut,
          transports,
          extent: options.extent,
          settings,
          version: packageVersion(),
          machine,
        })
      : resumeResult(options.resume, { transports, machine });
  if (options.extent === 'quick') process.stdout.write(`${QUICK_SENTENCE}\n`);
  const json = options.json ?? options.resume;

  const progress = new Progress();
  const suite = new Suite({ result, transports, settings, progress });
  obeySignals(suite);
  const save = () => json !== undefined && writeResult(json, result);
  result.status = await suite.run(save);
  save();
  progress.clear();
  if (options.html !== undefined) writeWhole(options.html, renderPage(result));
  process.stdout.write(`${renderTable(result, { colors: process.stdout.isTTY })}\n`);
  for (const file of [json, options.html]) if (file !== undefined) process.stdout.write(`wrote ${file}\n`);
  if (failures(result).length > 0) process.exitCode = 1;
  if (result.status === 'interrupted' && json !== undefined) {
    process.stdout.write(`to go on: --resume ${json}\n`);
  }
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
  } else if (options.wine) {
    const { runUnderWine } = await import('./lib/wine.mjs');
    process.exitCode = await runUnderWine(process.argv.slice(2), options);
  } else {
    await runSuite(options);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`iocp-net bench: ${error.message}\n`);
  process.exitCode = 1;
}
