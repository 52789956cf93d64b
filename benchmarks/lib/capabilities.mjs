// What a cell asks for that may not be here: TLS in the load generator, packages.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { folders } from './places.mjs';

const require = createRequire(import.meta.url);
const { findModule } = require(path.join(folders.benchmarks, 'scenarios', 'modules.cjs'));

/** In a checkout, what brings the frameworks that it does not depend on itself. */
const INSTALL = fs.existsSync(path.join(folders.package, 'scripts', 'install-ecosystem.mjs'))
  ? ': npm run install:ecosystem'
  : '';

/** @returns {{tls: boolean}} what the load generator was built with */
export function loadFeatures(loadProgram) {
  return JSON.parse(execFileSync(loadProgram, ['--features'], { encoding: 'utf8' }));
}

/** @returns {string | undefined} why the cell cannot run here */
export function reasonAgainst({ scenario, parameters }, features) {
  const { needs } = require(path.join(folders.benchmarks, 'scenarios', `${scenario}.cjs`));
  const { tls = false, modules = [] } = needs?.(parameters) ?? {};
  if (tls && !features.tls) return 'the load generator was built without OpenSSL (libssl-dev)';
  const missing = modules.find((name) => findModule(name) === undefined);
  return missing === undefined ? undefined : `the package ${missing} is not installed${INSTALL}`;
}
