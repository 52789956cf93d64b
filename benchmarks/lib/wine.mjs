// The suite under Wine: node.exe, the Windows engine, the Windows load generator. It shows that all of it works, and is
// no measure of Windows.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { folders } from './places.mjs';

const FILE_OPTIONS = ['--json', '--html', '--resume'];
const MARGIN_MS = 5 * 60_000;

/** The same command line for the other side: without --platform, and with paths as Windows programs see them. */
export function windowsArguments(argv, windowsPath) {
  const args = [];
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = argv[i].split(/=(.*)/s);
    const value = () => inline ?? argv[++i];
    if (name === '--platform') value();
    else if (FILE_OPTIONS.includes(name)) args.push(name, windowsPath(value()));
    else args.push(argv[i]);
  }
  return args;
}

const load = (name) => import(pathToFileURL(path.join(folders.package, 'scripts', 'lib', name)).href);

/** @returns {Promise<number>} exit code */
export async function runUnderWine(argv, { budgetMs }) {
  const { prepareWine, windowsPath } = await load('wine.mjs');
  const { buildWindowsEngine, windowsEngineEnvironment } = await load('windows-engine.mjs');
  const { default: nativeBuild } = await load('native-build.cjs');
  const wine = await prepareWine();
  buildWindowsEngine();
  nativeBuild.buildBenchmarks({ platform: 'win32' });
  const suite = path.join(folders.benchmarks, 'run.mjs');
  const { code } = await wine.runNode([windowsPath(suite), ...windowsArguments(argv, windowsPath)], {
    cwd: process.cwd(),
    env: windowsEngineEnvironment(),
    timeoutMs: budgetMs + MARGIN_MS,
  });
  return code ?? 1;
}
