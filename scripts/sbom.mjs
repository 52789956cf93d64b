#!/usr/bin/env node
// The bill of materials of a release: what npm sbom prints of the dependencies, looked at. What the engines have linked in
// stands in THIRD-PARTY.md: npm knows nothing of it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import paths from './lib/paths.cjs';

const HELP = `usage: npm run --silent sbom > iocp-net.cdx.json

Prints the package's bill of materials (CycloneDX, JSON) of the installed checkout. Fails where it lacks a dependency of
package.json, its version or its licence, or has more than those.
`;

/** What is wrong with the bill, by the manifest of the package. */
export function* faultsIn(bill, { name, version, license, dependencies }) {
  const licenses = (component) => component.licenses?.map((one) => one.license?.id).join();
  const { component } = bill.metadata;
  if (component.purl !== `pkg:npm/${name}@${version}`) yield `it is of ${component.purl}`;
  if (component.name !== name) yield `it calls the package ${component.name}`;
  if (licenses(component) !== license) yield `it gives the package the licence ${licenses(component)}`;
  for (const dependency of Object.keys(dependencies)) {
    const found = bill.components.find((one) => one.name === dependency);
    if (found === undefined) yield `it lacks ${dependency}`;
    else if (!/^\d/.test(found.version) || !licenses(found))
      yield `it lacks the version or licence of ${dependency}`;
  }
  for (const { name: listed } of bill.components)
    if (!(listed in dependencies)) yield `it has ${listed}, which is no dependency`;
}

function sbom() {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'];
  const bill = JSON.parse(execFileSync('npm', args, { cwd: paths.root, encoding: 'utf8' }));
  const manifest = JSON.parse(fs.readFileSync(path.join(paths.root, 'package.json'), 'utf8'));
  bill.metadata.component.name = manifest.name; // npm takes the folder's name
  const faults = [...faultsIn(bill, manifest)];
  if (faults.length > 0) throw new Error(`the bill of materials: ${faults.join('; ')}`);
  process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
}

if (import.meta.filename === process.argv[1]) {
  try {
    if (process.argv.includes('--help')) process.stdout.write(HELP);
    else sbom();
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}
