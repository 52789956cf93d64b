#!/usr/bin/env node
// The package's types: programs of test/types against the packed package, on several versions of TypeScript and of
// @types/node, and the linters of packages (publint, arethetypeswrong).
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import paths from './lib/paths.cjs';
import { closeResults } from './lib/results.mjs';
import { run } from './lib/run.mjs';

const HELP = `usage: npm run test:types

Packs the package, fetches the compilers and linters from npm into the cache, and checks the types with each.
`;

/** The oldest of each that is promised to work, what is between them, and the newest. */
const PAIRS = [
  ['5.0.4', '20.19.43'],
  ['5.4.5', '20.19.43'],
  ['5.9.3', '22.20.5'],
  ['5.9.3', '24.19.2'],
  ['7.0.2', '26.6.6'],
];
const LINTERS = { publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5' };

/** How programs find packages: as in projects of TypeScript 4 and of CommonJS, as Node does, and as bundlers do. */
const RESOLUTIONS = {
  node10: { module: 'commonjs', moduleResolution: 'node', files: ['use.ts'] },
  node16: { module: 'node16', moduleResolution: 'node16', files: ['use.ts', 'use.mts'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', files: ['use.ts', 'use.mts'] },
};

function npm(args, cwd) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** A folder of the cache with these packages, installed once. */
function withPackages(name, packages) {
  const folder = paths.cacheFolder('types', name);
  if (fs.existsSync(path.join(folder, 'complete'))) return folder;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], folder);
  fs.writeFileSync(path.join(folder, 'complete'), '');
  return folder;
}

function unpackInto(folder, tarball) {
  const target = path.join(folder, 'node_modules', 'iocp-net');
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
}

async function check(what, file, args, cwd) {
  const { code } = await run(process.execPath, [file, ...args], { cwd });
  console.log(`${code === 0 ? 'passed' : 'FAILED'}: ${what}`);
  return code === 0;
}

async function compile([typescript, types], tarball) {
  const folder = withPackages(`ts-${typescript}-node-${types}`, [
    `typescript@${typescript}`,
    `@types/node@${types}`,
  ]);
  unpackInto(folder, tarball);
  fs.cpSync(path.join(paths.root, 'test', 'types'), folder, { recursive: true });
  const outcomes = [];
  for (const [name, { files, ...resolution }] of Object.entries(RESOLUTIONS)) {
    if (name === 'node10' && Number.parseInt(typescript, 10) >= 7) continue; // gone from the compiler
    const compilerOptions = {
      ...{ strict: true, noEmit: true, target: 'es2022', types: ['node'], skipLibCheck: false },
      ...{ esModuleInterop: true, ...resolution },
    };
    const project = path.join(folder, `tsconfig.${name}.json`);
    fs.writeFileSync(project, JSON.stringify({ compilerOptions, files }));
    const what = `TypeScript ${typescript}, @types/node ${types}, resolution ${name}`;
    const compiler = path.join(folder, 'node_modules', 'typescript', 'bin', 'tsc');
    outcomes.push(await check(what, compiler, ['--project', project], folder));
  }
  return outcomes;
}

async function lint(tarball) {
  const names = Object.entries(LINTERS).map((pair) => pair.join('@'));
  const folder = withPackages(`linters-${Object.values(LINTERS).join('-')}`, names);
  unpackInto(folder, tarball);
  const command = (name) => path.join(folder, 'node_modules', '.bin', name);
  const bin = (name) => fs.realpathSync(command(name));
  return [
    await check(
      'publint',
      bin('publint'),
      ['--strict', path.join(folder, 'node_modules', 'iocp-net')],
      folder,
    ),
    await check('arethetypeswrong', bin('attw'), [tarball, '--no-emoji', '--format', 'table'], folder),
  ];
}

async function testTypes() {
  const folder = paths.cacheFolder('types', 'package');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  npm(['pack', '--silent', '--pack-destination', folder], paths.root);
  const tarball = path.join(folder, fs.readdirSync(folder)[0]);
  const outcomes = [];
  for (const pair of PAIRS) outcomes.push(...(await compile(pair, tarball)));
  outcomes.push(...(await lint(tarball)));
  const passed = outcomes.filter(Boolean).length;
  return [{ suite: 'types', passed, failed: outcomes.length - passed }];
}

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
} else {
  try {
    closeResults(await testTypes());
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    closeResults([{ suite: 'types', passed: 0, failed: 1 }]);
  }
}
