'use strict';
// Which libraries an executable file asks for, by the tables of its format.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** A PE file of 64 bits with one section at 0x1000, whose import tables name these libraries. */
function peFile(imported, delayed) {
  const bytes = Buffer.alloc(0x1000);
  const inFile = (address) => address - 0x1000 + 0x400;
  bytes.writeUInt32LE(0x80, 0x3c);
  bytes.write('PE\0\0', 0x80, 'latin1');
  bytes.writeUInt16LE(1, 0x86); // sections
  bytes.writeUInt16LE(0xf0, 0x94); // bytes of the optional header
  bytes.writeUInt16LE(0x20b, 0x98);
  const section = 0x98 + 0xf0;
  for (const [index, value] of [0xc00, 0x1000, 0xc00, 0x400].entries())
    bytes.writeUInt32LE(value, section + 8 + index * 4);
  let text = 0x1800;
  const write = (directory, table, step, nameAt, names) => {
    if (names.length === 0) return;
    bytes.writeUInt32LE(table, 0x98 + 112 + directory * 8);
    for (const [index, name] of names.entries()) {
      bytes.writeUInt32LE(text, inFile(table) + index * step + nameAt);
      text += bytes.write(`${name}\0`, inFile(text), 'latin1');
    }
  };
  write(1, 0x1000, 20, 12, imported);
  write(13, 0x1400, 32, 4, delayed);
  return bytes;
}

describe('libraries of an executable file', () => {
  let imports;
  let folder;
  before(async () => {
    imports = await import('../../scripts/lib/imports.mjs');
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-imports-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const read = (bytes) => {
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, bytes);
    return imports.neededByPe(file);
  };

  it('of a PE file, those that are loaded late too', () => {
    assert.deepEqual(read(peFile(['KERNEL32.dll', 'WS2_32.dll'], ['late.dll'])), [
      'KERNEL32.dll',
      'WS2_32.dll',
      'late.dll',
    ]);
    assert.deepEqual(read(peFile([], [])), []);
  });

  it('of nothing else', () => {
    assert.throws(() => read(Buffer.alloc(0x1000)), /is no PE file/);
  });

  if (process.platform === 'linux') {
    it('of an ELF file: the C library is among those of Node', () => {
      const libc =
        process.report.getReport().header.glibcVersionRuntime === undefined ? /libc/ : /^libc\.so\.6$/;
      const libraries = imports.neededByElf(process.execPath);
      assert.ok(
        libraries.some((name) => libc.test(name)),
        libraries.join(),
      );
    });
  }
});
