#!/usr/bin/env node
// Writes JavaScript's half of the boundary from addon/port/layout.h: lib/port/boundary.ts, and the number by which both
// sides know that they were made from the same definition (addon/port/boundary_id.h).
import fs from 'node:fs';
import path from 'node:path';
import paths from './lib/paths.cjs';

const HELP = `usage: node scripts/generate-boundary.mjs [--check]

Writes lib/port/boundary.ts and addon/port/boundary_id.h from addon/port/layout.h.

  --check   changes nothing; exit code 1 when one of them is out of date
`;
const SOURCE = 'addon/port/layout.h';
const NOTE = `// Generated from ${SOURCE} by scripts/generate-boundary.mjs; not to be edited.`;

const withoutComments = (text) => text.replace(/\/\/.*$/gm, '');
const pascal = (name) => name.replace(/^k/, '');
const camel = (name) => pascal(name).replace(/^./, (first) => first.toLowerCase());
const constant = (name) =>
  pascal(name)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();

/** FNV-1a, 31 bits: a number that is the same to both languages. */
function idOf(text) {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 1;
}

function integer(expression, known, where) {
  const numbers = expression.replace(/\bk[A-Z]\w*/g, (name) => {
    if (!known.has(name)) throw new Error(`${SOURCE}: ${where} names ${name} before it is defined`);
    return String(known.get(name));
  });
  if (!/^[\d\s+*()-]+$/.test(numbers))
    throw new Error(`${SOURCE}: ${where} is no sum or product: ${expression}`);
  return Number(new Function(`return ${numbers}`)());
}

function read(text) {
  const known = new Map();
  const enums = [];
  const constants = [];
  const pattern =
    /enum\s+(?:class\s+)?(\w+)\s*:\s*int32_t\s*\{([^}]*)\}|inline constexpr int32_t\s+(\w+)\s*=\s*([^;]+);/g;
  for (const [, name, body, constantName, expression] of text.matchAll(pattern)) {
    if (constantName !== undefined) {
      known.set(constantName, integer(expression, known, constantName));
      constants.push([constantName, known.get(constantName)]);
      continue;
    }
    const members = body
      .split(',')
      .map((member) => member.trim())
      .filter(Boolean)
      .map((member) => {
        const [key, value] = member.split('=').map((part) => part.trim());
        if (value === undefined) throw new Error(`${SOURCE}: ${name}::${key} needs a value`);
        known.set(key, integer(value, known, key));
        return [key, known.get(key)];
      });
    enums.push([name, members]);
  }
  const calls = [...text.matchAll(/\bCALL\(\w+, (\w+)\)/g)].map(([, name]) => name);
  return { enums, constants, calls };
}

function typescript({ enums, constants, calls }, id) {
  const lines = [NOTE, '', `export const BOUNDARY_ID = ${id};`, ''];
  for (const [name, value] of constants) lines.push(`export const ${constant(name)} = ${value};`);
  for (const [name, members] of enums) {
    lines.push('', `export const enum ${name} {`);
    // The fields of a record carry its name in C++, where an enum's names stand beside those of the others.
    const prefix = name.endsWith('Field') ? `k${name.slice(0, -'Field'.length)}` : 'k';
    for (const [key, value] of members) lines.push(`  ${key.slice(prefix.length)} = ${value},`);
    lines.push('}');
  }
  const [, counters] = enums.find(([name]) => name === 'Counter');
  const names = counters.filter(([key]) => key !== 'kCounterCount').sort(([, a], [, b]) => a - b);
  lines.push('', '/** In the order of their numbers. */', 'export const COUNTER_NAMES = [');
  for (const [key] of names) lines.push(`  '${camel(key)}',`);
  lines.push('] as const;', '', 'export type NativeCall =');
  lines.push(`${calls.map((name) => `  | '${name}'`).join('\n')};`, '');
  return lines.join('\n');
}

function header(id) {
  return `${NOTE}
#ifndef IOCP_NET_PORT_BOUNDARY_ID_H_
#define IOCP_NET_PORT_BOUNDARY_ID_H_

#include <cstdint>

namespace iocp_net {

inline constexpr int32_t kBoundaryId = ${id};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_BOUNDARY_ID_H_
`;
}

function generate(check) {
  const text = withoutComments(fs.readFileSync(path.join(paths.root, SOURCE), 'utf8'));
  const id = idOf(text.replace(/\s+/g, ' '));
  const files = {
    'lib/port/boundary.ts': typescript(read(text), id),
    'addon/port/boundary_id.h': header(id),
  };
  for (const [name, wanted] of Object.entries(files)) {
    const file = path.join(paths.root, name);
    if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === wanted) continue;
    if (check) {
      console.error(`${name} is out of date: node scripts/generate-boundary.mjs`);
      process.exitCode = 1;
    } else {
      fs.writeFileSync(file, wanted);
    }
  }
}

if (process.argv.includes('--help')) process.stdout.write(HELP);
else generate(process.argv.includes('--check'));
