#!/usr/bin/env node
// The structure that ARCHITECTURE.md promises: imports run downwards, nothing imports in a circle, and a file can be read
// in one sitting.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import paths from './lib/paths.cjs';

const HELP = `usage: node scripts/check-structure.mjs

Prints circles of imports in lib and addon, imports that run upwards, and files of lib, addon and scripts that are longer
than a sitting (400 lines). Exit code 1 when there is one.
`;
const LINES_MAX = 400;

/** What a folder must not know. */
const UNKNOWN_TO = [
  ['lib/node/', ['lib/port/', 'lib/net/', 'lib/preload/']],
  ['lib/port/', ['lib/node/', 'lib/net/', 'lib/preload/']],
  ['lib/net/', ['lib/preload/']],
  ['lib/net/sinks/', ['lib/net/socket/', 'lib/net/connect/', 'lib/net/server/', 'lib/net/interop/']],
  ['lib/net/connection/', ['lib/net/socket/', 'lib/net/connect/', 'lib/net/server/']],
  ['lib/net/connect/', ['lib/net/socket/', 'lib/net/server/']],
  ['addon/port/', ['addon/binding/']],
  ['addon/epoll/', ['addon/binding/', 'addon/iocp/']],
  ['addon/iocp/', ['addon/binding/', 'addon/epoll/']],
  ['addon/sim/', ['addon/binding/', 'addon/epoll/', 'addon/iocp/']],
];

/** Tarjan's strongly connected components, those of more than one file. */
function circles(graph) {
  const [index, low, stack, found] = [new Map(), new Map(), [], []];
  const visit = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file), low.get(next)));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle);
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return found;
}

/** Imports that are there at run time: types alone bind nothing. */
function typescriptImports(file, text) {
  const imports = [...text.matchAll(/^(?:import|export) (?!type )([^;]*?) from '(\.[^']+)';/gms)];
  return imports
    .filter(([, names]) => !/^\{\s*(?:type [^,}]+,?\s*)+\}$/.test(names))
    .map(([, , from]) => path.posix.join(path.posix.dirname(file), from.replace(/\.js$/, '.ts')));
}

function nativeIncludes(_file, text) {
  return [...text.matchAll(/^#include "([^"]+)"/gm)].map(([, name]) => `addon/${name}`);
}

function graphOf(files, importsOf) {
  const graph = new Map();
  for (const file of files) {
    const text = fs.readFileSync(path.join(paths.root, file), 'utf8');
    graph.set(
      file,
      importsOf(file, text).filter((name) => files.includes(name)),
    );
  }
  return graph;
}

function check() {
  const listed = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const files = execFileSync('git', [...listed, 'lib', 'addon', 'scripts'], {
    cwd: paths.root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => /\.(ts|cc|h|mjs|cjs|js)$/.test(file) && fs.existsSync(path.join(paths.root, file)));
  const problems = [];
  const graphs = [
    graphOf(
      files.filter((file) => /^lib\/.*\.ts$/.test(file)),
      typescriptImports,
    ),
    graphOf(
      files.filter((file) => /^addon\/.*\.(cc|h)$/.test(file)),
      nativeIncludes,
    ),
  ];
  for (const graph of graphs) {
    for (const circle of circles(graph)) problems.push(`imports in a circle: ${circle.join(', ')}`);
    for (const [file, imports] of graph) {
      for (const [folder, unknown] of UNKNOWN_TO) {
        if (!file.startsWith(folder)) continue;
        for (const name of imports.filter((one) => unknown.some((above) => one.startsWith(above)))) {
          problems.push(`${file} must not know ${name}`);
        }
      }
    }
  }
  for (const file of files) {
    const lines = fs.readFileSync(path.join(paths.root, file), 'utf8').split('\n').length - 1;
    if (lines > LINES_MAX) problems.push(`${file} has ${lines} lines, more than ${LINES_MAX}`);
  }
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

if (process.argv.includes('--help')) process.stdout.write(HELP);
else check();
