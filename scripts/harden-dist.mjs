#!/usr/bin/env node
// Takes from the compiled files what a program could break before it loads them: the compiler writes property
// descriptors that inherit from Object.prototype, where a program may have put `get` or `value`. And Node's own modules
// are asked for without require(), where Node has a way (20.16 and later): an ECMAScript module that esbuild has made has
// none, and would end as it starts.
import fs from 'node:fs';
import path from 'node:path';
import paths from './lib/paths.cjs';

const DESCRIPTOR = /(Object\.defineProperty\((?:exports|o), (?:"\w+"|k2), )(\{ (?!__proto__)|desc\))/g;

const BUILTIN = /(?<!getBuiltinModule\?\.\("[\w:/]+"\) \?\? )\brequire\((['"])(node:[\w/]+)\1\)/g;

const HELP = `usage: npm run build:ts, whose second step this is
`;

function harden(folder) {
  for (const file of fs.readdirSync(folder, { recursive: true })) {
    if (!file.endsWith('.js')) continue;
    const full = path.join(folder, file);
    const text = fs.readFileSync(full, 'utf8');
    const hardened = text
      .replace(DESCRIPTOR, (_, call, rest) =>
        rest === 'desc)' ? `${call}{ __proto__: null, ...desc })` : `${call}{ __proto__: null, `,
      )
      .replace(BUILTIN, '(process.getBuiltinModule?.("$2") ?? require("$2"))');
    if (hardened !== text) fs.writeFileSync(full, hardened);
  }
}

if (process.argv.includes('--help')) process.stdout.write(HELP);
else harden(path.join(paths.root, 'dist'));
