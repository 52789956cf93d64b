// The libraries that an executable file asks its system's loader for. Read here, since Debian's objdump knows its own
// processor alone, and that of mingw-w64 not Windows on arm64.
import fs from 'node:fs';

const zeroEnded = (bytes, start) => bytes.toString('latin1', start, bytes.indexOf(0, start));

/** DT_NEEDED of an ELF file of 64 bits. */
export function neededByElf(file) {
  const bytes = fs.readFileSync(file);
  const at = (offset) => Number(bytes.readBigUInt64LE(offset));
  const programHeaders = at(32);
  const entries = Array.from({ length: bytes.readUInt16LE(56) }, (_, n) => programHeaders + n * 56);
  const segments = entries.map((entry) => ({
    type: bytes.readUInt32LE(entry),
    offset: at(entry + 8),
    address: at(entry + 16),
    bytes: at(entry + 32),
  }));
  const dynamic = segments.find(({ type }) => type === 2);
  const tags = [];
  for (let offset = dynamic.offset; offset < dynamic.offset + dynamic.bytes; offset += 16) {
    tags.push([at(offset), at(offset + 8)]);
  }
  const strings = tags.find(([tag]) => tag === 5)[1];
  const load = segments.find(
    ({ type, address, bytes: length }) => type === 1 && strings >= address && strings < address + length,
  );
  return tags
    .filter(([tag]) => tag === 1)
    .map(([, index]) => zeroEnded(bytes, strings - load.address + load.offset + index));
}

/** Numbers of data directories, with the size of a descriptor in their table, and where in it the name's address is. */
const IMPORT_TABLES = [
  { directory: 1, bytes: 20, name: 12 },
  { directory: 13, bytes: 32, name: 4 }, // delayed
];

/** The DLLs of a PE file of 64 bits. */
export function neededByPe(file) {
  const bytes = fs.readFileSync(file);
  const header = bytes.readUInt32LE(0x3c);
  if (bytes.toString('latin1', header, header + 4) !== 'PE\0\0') throw new Error(`${file} is no PE file`);
  const optional = header + 24;
  if (bytes.readUInt16LE(optional) !== 0x20b) throw new Error(`${file} is not of 64 bits`);
  const sectionHeaders = optional + bytes.readUInt16LE(header + 20);
  const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, n) => {
    const entry = sectionHeaders + n * 40;
    const [virtualBytes, address, fileBytes, offset] = [8, 12, 16, 20].map((at) =>
      bytes.readUInt32LE(entry + at),
    );
    return { address, offset, bytes: Math.max(virtualBytes, fileBytes) };
  });
  const inFile = (address) => {
    const section = sections.find((one) => address >= one.address && address < one.address + one.bytes);
    return address - section.address + section.offset;
  };
  return IMPORT_TABLES.flatMap(({ directory, bytes: step, name }) => {
    const table = bytes.readUInt32LE(optional + 112 + directory * 8);
    const names = [];
    if (table === 0) return names;
    for (let entry = inFile(table); bytes.readUInt32LE(entry + name) !== 0; entry += step) {
      names.push(zeroEnded(bytes, inFile(bytes.readUInt32LE(entry + name))));
    }
    return names;
  });
}
