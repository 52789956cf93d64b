#!/usr/bin/env node
// npm run install:ecosystem: what the suites do by themselves when they need it.
import path from 'node:path';
import ecosystem from './lib/ecosystem.cjs';
import paths from './lib/paths.cjs';

const HELP = `usage: npm run install:ecosystem

Installs the packages of test/ecosystem/packages into test/ecosystem/node_modules, unless they are there: the servers,
clients and frameworks that test/ecosystem, some examples and some cells of the benchmarks run.
`;

if (process.argv.includes('--help')) process.stdout.write(HELP);
else if (ecosystem.installEcosystem()) console.log(path.relative(paths.root, ecosystem.ecosystemFolder));
else process.exitCode = 1;
